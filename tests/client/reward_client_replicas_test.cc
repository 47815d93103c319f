// RewardClient with several servers.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/prompt_hash.h"
#include "client/reward_client.h"
#include "tests/client/await_readiness.h"
#include "tests/client/fake_names.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::AwaitReadiness;
using ::assay::testing::FakeClock;
using ::assay::testing::FakeNames;
using ::assay::testing::FakeRewardService;
using ::assay::testing::IsOk;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

ScoreRequest RequestOf(std::vector<std::string> responses) {
  return {.prompt = {{"user", "p"}}, .responses = std::move(responses)};
}

// A client of `services`, once it is connected to all of them.
std::unique_ptr<RewardClient> ClientOf(const std::vector<const FakeRewardService*>& services,
                                       ClientOptions options) {
  std::vector<std::string> addresses;
  for (const FakeRewardService* service : services) addresses.push_back(service->address());
  auto replicas = ReplicaSet::Connect(absl::StrJoin(addresses, ","), options.connection);
  EXPECT_THAT(replicas, IsOk());
  for (const auto& replica : (*replicas)->Current()) AwaitReadiness(*replica, Readiness::kReady);
  return std::make_unique<RewardClient>(*std::move(replicas), std::move(options));
}

TEST(RewardClientReplicasTest, CallsGoToTheServersInTurnAndRetriesToTheNext) {
  FakeRewardService first;
  FakeRewardService second;
  const auto client = ClientOf({&first, &second}, {.retry = {.max_attempts = 2}});
  for (int i = 0; i < 10; ++i) EXPECT_THAT(client->Score(RequestOf({"a"}), kLong), IsOk());
  EXPECT_EQ(first.requests(), 5);
  EXPECT_EQ(second.requests(), 5);
  first.RefuseNext(10, absl::UnavailableError("draining"));
  for (int i = 0; i < 10; ++i) EXPECT_THAT(client->Score(RequestOf({"a"}), kLong), IsOk());
  EXPECT_EQ(first.requests(), 10);
  EXPECT_EQ(second.requests(), 15);
}

TEST(RewardClientReplicasTest, TheModelIsAskedOfTheFirstServerThatAnswers) {
  const RefusingPort gone;
  FakeRewardService here({"helpful"});
  ASSERT_OK_AND_ASSIGN(const auto client,
                       RewardClient::Connect(absl::StrCat(gone.address(), ",", here.address())));
  ASSERT_OK_AND_ASSIGN(const ModelInfo info, client->GetModel(kLong));
  EXPECT_THAT(info.objectives, ElementsAre("helpful"));
}

// A client of the servers that dns:///assay:1 names now, whose resolver and clock are the test's.
class RewardClientOfANameTest : public ::testing::Test {
 protected:
  void Connect() {
    auto replicas = ReplicaSet::Connect("dns:///assay:1", {}, names_.LookUp(), &clock_);
    ASSERT_OK(replicas);
    replicas_ = replicas->get();
    client_ = std::make_unique<RewardClient>(
        *std::move(replicas),
        ClientOptions{.retry = {.initial = absl::Milliseconds(1), .max = absl::Milliseconds(5)}});
  }
  // Until the name's new addresses have been taken.
  void LookAgain(int look_ups) {
    replicas_->LookAgain();
    clock_.AwaitWaiters(1);
    clock_.Advance(NameWatch::kShortestInterval);
    names_.AwaitLookUps(look_ups);
    clock_.AwaitWaiters(1);
  }

  FakeNames names_;
  FakeClock clock_;
  FakeRewardService first_;
  FakeRewardService second_;
  std::unique_ptr<RewardClient> client_;
  ReplicaSet* replicas_ = nullptr;  // The client's.
};

TEST_F(RewardClientOfANameTest, NewCallsGoToTheNamesNewAddresses) {
  names_.Set("assay", FakeNames::Addresses{first_.address()});
  Connect();
  EXPECT_THAT(client_->Score(RequestOf({"a"}), kLong), IsOk());
  names_.Set("assay", FakeNames::Addresses{second_.address()});
  LookAgain(2);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(client_->Score(RequestOf({"a"}), kLong), IsOk());
  EXPECT_EQ(first_.requests(), 1);
  EXPECT_EQ(second_.requests(), 3);
  EXPECT_EQ(second_.authority(), "assay:1");  // The name a certificate must be for: channel_test.
}

TEST_F(RewardClientOfANameTest, AReplicaMayLeaveWhileItsCallIsUnderWay) {
  names_.Set("assay", FakeNames::Addresses{first_.address()});
  first_.GoSilent();
  Connect();
  std::thread caller([&] { EXPECT_THAT(client_->Score(RequestOf({"a"}), kLong), IsOk()); });
  first_.AwaitRequests(1);
  names_.Set("assay", FakeNames::Addresses{second_.address()});
  LookAgain(2);
  LookAgain(3);  // Would let go of a replica that nobody holds.
  first_.Speak();
  caller.join();
  EXPECT_EQ(second_.requests(), 0);
}

TEST_F(RewardClientOfANameTest, AClientMayGoWhileACallIsOnAReplicaThatLeft) {
  names_.Set("assay", FakeNames::Addresses{first_.address()});
  first_.GoSilent();
  Connect();
  std::atomic<bool> cancelled = false;
  client_->ScoreAsync(RequestOf({"a"}), kLong, [&](absl::StatusOr<ScoreReply> reply) {
    cancelled = absl::IsCancelled(reply.status());
  });
  first_.AwaitRequests(1);
  names_.Set("assay", FakeNames::Addresses{second_.address()});
  LookAgain(2);
  client_.reset();
  EXPECT_TRUE(cancelled);
}

TEST_F(RewardClientOfANameTest, ANameThatIsNotFoundIsUnavailableByName) {
  Connect();
  const auto is_named =
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("dns:///assay:1: no such name"));
  EXPECT_THAT(client_->Score(RequestOf({"a"}), absl::Milliseconds(20)), is_named);
  EXPECT_THAT(client_->GetModel(kLong), is_named);
}

TEST_F(RewardClientOfANameTest, ACallWaitsForANameToBeFoundWhileItsTimeLasts) {
  Connect();
  std::thread caller([&] { EXPECT_THAT(client_->Score(RequestOf({"a"}), kLong), IsOk()); });
  names_.Set("assay", FakeNames::Addresses{first_.address()});
  LookAgain(2);
  caller.join();
  EXPECT_EQ(first_.requests(), 1);
}

TEST(RewardClientReplicasTest, WithAffinityAPromptKeepsToOneServerAndCarriesItsHash) {
  FakeRewardService first;
  FakeRewardService second;
  const auto client = ClientOf({&first, &second}, {.affinity = Affinity::kPrompt});
  for (int i = 0; i < 6; ++i) {
    EXPECT_THAT(client->Score(RequestOf({absl::StrCat(i)}), kLong), IsOk());
  }
  EXPECT_EQ(std::max(first.requests(), second.requests()), 6);
  const FakeRewardService& preferred = first.requests() > second.requests() ? first : second;
  EXPECT_EQ(preferred.prompt_hash(), PromptHashText(PromptHash(RequestOf({}).prompt)));
}

TEST(RewardClientReplicasTest, WithHedgingAServerThatHangsCostsNoAnswer) {
  FakeRewardService hung;
  FakeRewardService well;
  hung.GoSilent();
  const auto client =
      ClientOf({&hung, &well}, {.hedge = {.after = absl::Milliseconds(5), .max_share = 1}});
  for (int i = 0; i < 10; ++i) EXPECT_THAT(client->Score(RequestOf({"a"}), kLong), IsOk());
  EXPECT_EQ(well.requests(), 10);
  hung.AwaitCancelled(hung.requests());
}

TEST(RewardClientReplicasTest, ServersThatAreDrainedOneAfterAnotherLoseNoCall) {
  std::vector<std::unique_ptr<FakeRewardService>> services;
  std::vector<std::string> addresses;
  for (int i = 0; i < 3; ++i) {
    services.push_back(std::make_unique<FakeRewardService>());
    addresses.push_back(services.back()->address());
  }
  ASSERT_OK_AND_ASSIGN(const auto client, RewardClient::Connect(absl::StrJoin(addresses, ",")));
  std::atomic<bool> ends = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; !ends; ++i) {
        const std::string text = absl::StrCat(t, "/", i);
        const auto reply = client->Score(RequestOf({text}), kLong);
        if (!reply.ok() || !reply->results[0].ok() ||
            reply->results[0]->score != FakeRewardService::ScoreOf("p", text)) {
          ++wrong;
        }
      }
    });
  }
  for (int gone = 0; gone < 2; ++gone) {
    services[gone]->AwaitRequests(20);
    services[gone]->SetServing(false);
    services[2]->AwaitRequests(services[2]->requests() + 20);
    services[gone].reset();  // With whatever it still has.
  }
  services[2]->AwaitRequests(services[2]->requests() + 20);
  ends = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace assay::client
