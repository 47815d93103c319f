#include "client/commands/contact.h"

#include <sstream>

#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ContactTest, AServerThatAnswersIsKnownByItsModel) {
  FakeRewardService service;
  ASSERT_OK_AND_ASSIGN(const Contact contact, ReachServer(service.address()));
  EXPECT_EQ(contact.model.name, "fake");
  EXPECT_OK(contact.client->GetModel(absl::Seconds(30)));
}

TEST(ContactTest, AServerThatIsNotThereIsOneSentenceWithTheAddressAndWhatToDo) {
  std::string address;
  {
    FakeRewardService gone;
    address = gone.address();
  }
  EXPECT_THAT(ReachServer(address), StatusIs(absl::StatusCode::kUnavailable,
                                             AllOf(HasSubstr(address), HasSubstr("assay-server"),
                                                   HasSubstr("--address"))));
  EXPECT_THAT(ReachServer(""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
}

TEST(ContactTest, AFailureIsOneLineAndExitCodeOne) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(Fail({.out = &out, .err = &err}, absl::DataLossError("it broke")), 1);
  EXPECT_EQ(err.str(), "assay: it broke\n");
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace assay::client
