#include "client/replica_set.h"

#include <atomic>
#include <map>
#include <utility>

#include "tests/client/await_readiness.h"
#include "tests/client/fake_names.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::AwaitReadiness;
using ::assay::testing::FakeClock;
using ::assay::testing::FakeNames;
using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Addresses = std::vector<std::string>;

Addresses AddressesOf(const ReplicaSet& set) {
  Addresses addresses;
  for (const auto& replica : set.Current()) addresses.push_back(replica->address());
  return addresses;
}

// Sets of names that resolve to what the test says; time is the test's.
class ReplicaSetTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReplicaSet> Connect(const std::string& addresses) {
    auto set = ReplicaSet::Connect(addresses, {}, names_.LookUp(), &clock_);
    EXPECT_OK(set);
    return *std::move(set);
  }
  // Looks all names up again; until they have been, and what they resolve to has been taken.
  void LookAgain(ReplicaSet& set) {
    set.LookAgain();
    clock_.AwaitWaiters(1);
    clock_.Advance(NameWatch::kShortestInterval);
    ++rounds_;
    names_.AwaitLookUps(1 + rounds_);
    clock_.AwaitWaiters(1);
  }

  FakeNames names_;
  FakeClock clock_;
  int rounds_ = 0;
};

TEST_F(ReplicaSetTest, EachAddressIsAReplicaAndEachOfANamesIsOne) {
  names_.Set("assay", Addresses{"10.0.0.1:50051", "10.0.0.2:50051"});
  const auto set = Connect("b:1,dns:///assay:50051,a:1");
  EXPECT_THAT(AddressesOf(*set), ElementsAre("b:1", "10.0.0.1:50051", "10.0.0.2:50051", "a:1"));
}

TEST_F(ReplicaSetTest, ReplicasComeAndGoWithTheirNameAndThoseThatStayAreTheSame) {
  names_.Set("assay", Addresses{"10.0.0.1:1", "10.0.0.2:1"});
  const auto set = Connect("dns:///assay:1");
  const ReplicaList before = set->Current();
  names_.Set("assay", Addresses{"10.0.0.2:1", "10.0.0.3:1"});
  LookAgain(*set);
  const ReplicaList after = set->Current();
  EXPECT_THAT(AddressesOf(*set), ElementsAre("10.0.0.2:1", "10.0.0.3:1"));
  EXPECT_EQ(before[1], after[0]);
  EXPECT_EQ(before[0]->address(), "10.0.0.1:1");  // Lives on for who holds it.
}

TEST_F(ReplicaSetTest, AReplicaThatWentIsKeptUntilNobodyHoldsIt) {
  names_.Set("assay", Addresses{"10.0.0.1:1"});
  const auto set = Connect("dns:///assay:1");
  std::shared_ptr<Replica> held = set->Choose(std::nullopt, {});
  const std::weak_ptr<Replica> observer = held;
  names_.Set("assay", Addresses{"10.0.0.2:1"});
  LookAgain(*set);
  EXPECT_EQ(held.use_count(), 2);  // Also the set's, so that this one is never the last.
  LookAgain(*set);
  held.reset();
  EXPECT_FALSE(observer.expired());
  LookAgain(*set);
  EXPECT_TRUE(observer.expired());
}

TEST_F(ReplicaSetTest, AFailedOrEmptyLookUpKeepsWhatIsKnown) {
  names_.Set("assay", Addresses{"10.0.0.1:1"});
  const auto set = Connect("dns:///assay:1");
  names_.Set("assay", absl::UnavailableError("SERVFAIL"));
  LookAgain(*set);
  EXPECT_THAT(AddressesOf(*set), ElementsAre("10.0.0.1:1"));
  names_.Set("assay", Addresses{});
  LookAgain(*set);
  EXPECT_THAT(AddressesOf(*set), ElementsAre("10.0.0.1:1"));
}

TEST_F(ReplicaSetTest, ANameThatIsNotFoundLeavesNothingToChooseUntilItIs) {
  const auto set = Connect("dns:///assay:1");
  EXPECT_THAT(set->Current(), IsEmpty());
  EXPECT_EQ(set->Choose(std::nullopt, {}), nullptr);
  EXPECT_EQ(set->Choose(7, {}), nullptr);
  EXPECT_THAT(set->WhyNone(),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("dns:///assay:1"), HasSubstr("no such name"))));
  names_.Set("assay", Addresses{"10.0.0.1:1"});
  LookAgain(*set);
  EXPECT_NE(set->Choose(std::nullopt, {}), nullptr);
}

TEST_F(ReplicaSetTest, SubscribersHearOfChangesAlone) {
  names_.Set("assay", Addresses{"10.0.0.1:1"});
  const auto set = Connect("dns:///assay:1");
  std::atomic<int> heard = 0;
  std::atomic<size_t> seen = 0;
  const int64_t subscription = set->Subscribe([&] {
    ++heard;
    seen = set->Current().size();
  });
  LookAgain(*set);
  EXPECT_EQ(heard, 0);
  names_.Set("assay", Addresses{"10.0.0.1:1", "10.0.0.2:1"});
  LookAgain(*set);
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(seen, 2);
  set->Unsubscribe(subscription);
  names_.Set("assay", Addresses{"10.0.0.1:1"});
  LookAgain(*set);
  EXPECT_EQ(heard, 1);
}

TEST_F(ReplicaSetTest, ATargetThatIsNoNameAndPortAndOptionsThatContradictAreRefused) {
  EXPECT_THAT(ReplicaSet::Connect("dns:///assay", {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("dns:///assay is not")));
  EXPECT_THAT(ReplicaSet::Connect("", {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReplicaSet::Connect("dns:///assay:1", {.token = "t"}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ReplicaSetTest, ChoicesGoRoundAndAPromptsStay) {
  ReplicaList replicas;
  for (const char* address : {"a", "b", "c"}) {
    replicas.push_back(
        std::make_shared<Replica>(address, std::unique_ptr<v1::RewardService::StubInterface>()));
  }
  ReplicaSet set(replicas);
  std::map<std::string, int> chosen;
  for (int i = 0; i < 30; ++i) ++chosen[set.Choose(std::nullopt, {})->address()];
  EXPECT_THAT(chosen, ElementsAre(std::pair("a", 10), std::pair("b", 10), std::pair("c", 10)));
  const auto preferred = set.Choose(7, {});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(set.Choose(7, {}), preferred);
  const auto second = set.Choose(7, std::vector{preferred});
  EXPECT_NE(second, preferred);
  EXPECT_EQ(set.Choose(7, std::vector{preferred}), second);
}

TEST(ReplicaSetHealthTest, AServerThatListensButSaysItDoesNotServeIsNotChosen) {
  FakeRewardService here;
  FakeRewardService leaving;
  ASSERT_OK_AND_ASSIGN(const auto set, ReplicaSet::Connect(here.address() + "," + leaving.address(),
                                                           ConnectionOptions()));
  const ReplicaList replicas = set->Current();
  for (const auto& replica : replicas) AwaitReadiness(*replica, Readiness::kReady);
  leaving.SetServing(false);
  AwaitReadiness(*replicas[1], Readiness::kFailing);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(set->Choose(std::nullopt, {}), replicas[0]);
  EXPECT_EQ(set->Choose(std::nullopt, std::vector{replicas[0]}), replicas[0]);
  leaving.SetServing(true);
  AwaitReadiness(*replicas[1], Readiness::kReady);
}

TEST(ReplicaSetHealthTest, OneServerAloneIsAskedWhateverItsHealthSays) {
  FakeRewardService only;
  only.SetServing(false);
  ASSERT_OK_AND_ASSIGN(const auto set, ReplicaSet::Connect(only.address(), ConnectionOptions()));
  AwaitReadiness(*set->Current()[0], Readiness::kReady);
}

}  // namespace
}  // namespace assay::client
