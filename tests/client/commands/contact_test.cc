#include "client/commands/contact.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(ContactTest, SeveralServersOfOneModelAreOneContact) {
  FakeRewardService first;
  FakeRewardService second;
  ASSERT_OK_AND_ASSIGN(const Contact contact,
                       ReachServer(absl::StrCat(first.address(), ",", second.address())));
  EXPECT_EQ(contact.servers, 2);
  EXPECT_EQ(contact.model.revision, "fake-revision-0123456789");
}

TEST(ContactTest, ServersOfDifferentModelsAreNamedWithTheirRevisions) {
  FakeRewardService first;
  FakeRewardService second;
  FakeRewardService third;
  third.SetRevision("another");
  EXPECT_THAT(
      ReachServer(absl::StrCat(first.address(), ",", second.address(), ",", third.address())),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr(first.address()), HasSubstr(third.address()),
                     Not(HasSubstr(second.address())), HasSubstr("fake-revision-0123456789"),
                     HasSubstr("another"))));
}

TEST(ContactTest, OfSeveralServersThoseThatDoNotAnswerAreNamed) {
  FakeRewardService here;
  std::string gone[2];
  {
    FakeRewardService first;
    FakeRewardService second;
    gone[0] = first.address();
    gone[1] = second.address();
  }
  EXPECT_THAT(ReachServer(absl::StrCat(gone[0], ",", here.address(), ",", gone[1])),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("of 3 servers, 2 cannot be used"),
                             HasSubstr(absl::StrCat(gone[0], ", ", gone[1])),
                             Not(HasSubstr(here.address())))));
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
