#include "client/commands/contact.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Reached {
  absl::StatusOr<Contact> contact;
  std::string err;
};

Reached Reach(const std::string& addresses) {
  std::ostringstream out;
  std::ostringstream err;
  absl::StatusOr<Contact> contact = ReachServer(addresses, {}, {.out = &out, .err = &err});
  return {std::move(contact), err.str()};
}

TEST(ContactTest, AServerThatAnswersIsKnownByItsModel) {
  FakeRewardService service;
  const Reached reached = Reach(service.address());
  ASSERT_OK(reached.contact);
  EXPECT_EQ(reached.contact->model.name, "fake");
  EXPECT_OK(reached.contact->client->GetModel(absl::Seconds(30)));
  EXPECT_EQ(reached.err, "");
}

TEST(ContactTest, AServerThatIsNotThereIsOneSentenceWithTheAddressAndWhatToDo) {
  const RefusingPort gone;
  EXPECT_THAT(Reach(gone.address()).contact,
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr(gone.address()), HasSubstr("assay-server"),
                             HasSubstr("--address"))));
  EXPECT_THAT(Reach("").contact,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
}

TEST(ContactTest, SeveralServersOfOneModelAreOneContact) {
  FakeRewardService first;
  FakeRewardService second;
  const Reached reached = Reach(absl::StrCat(first.address(), ",", second.address()));
  ASSERT_OK(reached.contact);
  EXPECT_EQ(reached.contact->model.revision, "fake-revision-0123456789");
}

TEST(ContactTest, ServersOfDifferentModelsAreNamedWithTheirRevisions) {
  FakeRewardService first;
  FakeRewardService second;
  FakeRewardService third;
  third.SetRevision("another");
  EXPECT_THAT(
      Reach(absl::StrCat(first.address(), ",", second.address(), ",", third.address())).contact,
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
  EXPECT_THAT(Reach(absl::StrCat(gone[0], ",", here.address(), ",", gone[1])).contact,
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("of 3 servers, 2 cannot be used"),
                             HasSubstr(absl::StrCat(gone[0], ", ", gone[1])),
                             Not(HasSubstr(here.address())))));
}

std::string PortOf(const std::string& address) { return address.substr(address.find(':') + 1); }

TEST(ContactTest, ANamesServerThatAnswersIsEnough) {
  FakeRewardService service;
  const Reached reached = Reach(absl::StrCat("dns:///localhost:", PortOf(service.address())));
  ASSERT_OK(reached.contact);  // It listens on 127.0.0.1, whatever else localhost is.
  EXPECT_EQ(reached.contact->model.name, "fake");
}

TEST(ContactTest, NamesServersThatDoNotAnswerAreToldWhereOneDoes) {
  FakeRewardService here;
  const RefusingPort gone;
  const std::string name = absl::StrCat("dns:///localhost:", PortOf(gone.address()));
  const Reached reached = Reach(absl::StrCat(name, ",", here.address()));
  ASSERT_OK(reached.contact);
  EXPECT_EQ(reached.contact->model.name, "fake");
  EXPECT_THAT(reached.err,
              HasSubstr(absl::StrCat("of 2 servers, 1 cannot be used, ", gone.address(), ":")));
  // The one that was named by its address has to answer.
  const Reached other =
      Reach(absl::StrCat(gone.address(), ",dns:///localhost:", PortOf(here.address())));
  EXPECT_THAT(other.contact, StatusIs(absl::StatusCode::kUnavailable, HasSubstr(gone.address())));
  EXPECT_EQ(other.err, "");
}

TEST(ContactTest, ANameThatNobodyKnowsIsOneSentence) {
  EXPECT_THAT(Reach("dns:///no-such-host.invalid:50051").contact,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no-such-host.invalid")));
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
