// The whole path with a real model: armorm-mini in a real server, asked over a real socket by the client library.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/eval/comparison_set.h"
#include "client/reward_client.h"
#include "model/load_model.h"
#include "server/server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::SizeIs;

constexpr absl::Duration kTimeout = absl::Minutes(10);
constexpr int kClients = 64;

// Short requests over real pairs: every response differs.
std::vector<client::ScoreRequest> RealRequests(size_t count) {
  auto pairs = client::ReadComparisons(ASSAY_SOURCE_DIR "/data/anthropic_hhh.jsonl.gz");
  EXPECT_TRUE(pairs.ok()) << pairs.status();
  std::vector<client::ScoreRequest> requests;
  for (client::Comparison& pair : *pairs) {
    client::ScoreRequest request{.prompt = std::move(pair.prompt),
                                 .responses = {pair.chosen[0], pair.rejected[0]},
                                 .detail = client::Detail::kObjectives};
    size_t bytes = 0;
    for (const client::Message& message : request.prompt) bytes += message.content.size();
    for (const std::string& response : request.responses) bytes += response.size();
    if (bytes < 900) requests.push_back(std::move(request));
    if (requests.size() == count) return requests;
  }
  ADD_FAILURE() << "only " << requests.size() << " short pairs";
  return requests;
}

// To the bit: on a CPU a score does not depend on the batch it was computed in.
void ExpectSameScores(const client::ScoreReply& a, const client::ScoreReply& b) {
  ASSERT_EQ(a.results.size(), b.results.size());
  for (size_t r = 0; r < a.results.size(); ++r) {
    ASSERT_TRUE(a.results[r].ok()) << a.results[r].status();
    ASSERT_TRUE(b.results[r].ok()) << b.results[r].status();
    EXPECT_EQ(a.results[r]->score, b.results[r]->score);
    EXPECT_EQ(a.results[r]->rewards, b.results[r]->rewards);
    EXPECT_EQ(a.results[r]->gating, b.results[r]->gating);
    EXPECT_EQ(a.results[r]->input_tokens, b.results[r]->input_tokens);
  }
}

class RealModelTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    absl::StatusOr<LoadedModel> model = LoadModel({.folder = ASSAY_MODELS_DIR "/armorm-mini"});
    ASSERT_TRUE(model.ok()) << model.status();
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_batch_tokens = 4096;
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(
        options, {std::move(model->info), std::move(model->encoder), std::move(model->scorers)});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = server->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static std::unique_ptr<RewardClient> Client() {
    return RewardClient::Connect(server_->address()).value();
  }

  // Each request's replies when nothing else runs.
  static std::vector<client::ScoreReply> ScoreAlone(
      const std::vector<client::ScoreRequest>& requests) {
    const std::unique_ptr<RewardClient> client = Client();
    std::vector<client::ScoreReply> replies;
    for (const client::ScoreRequest& request : requests) {
      absl::StatusOr<client::ScoreReply> reply = client->Score(request, kTimeout);
      EXPECT_TRUE(reply.ok()) << reply.status();
      replies.push_back(*std::move(reply));
    }
    return replies;
  }

  static Server* server_;
};

Server* RealModelTest::server_ = nullptr;

TEST_F(RealModelTest, SixtyFourConcurrentClientsEachGetTheScoresOfTheirOwnRequest) {
  const std::vector<client::ScoreRequest> requests = RealRequests(kClients);
  const std::vector<client::ScoreReply> alone = ScoreAlone(requests);
  const int64_t batches_before = Client()->GetModel(kTimeout)->counters.batches;

  std::vector<absl::StatusOr<client::ScoreReply>> together(kClients,
                                                           absl::UnknownError("no reply"));
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] { together[i] = Client()->Score(requests[i], kTimeout); });
  }
  for (std::thread& client : clients) client.join();

  for (int i = 0; i < kClients; ++i) {
    ASSERT_TRUE(together[i].ok()) << together[i].status();
    ExpectSameScores(*together[i], alone[i]);
  }
  const client::Counters counters = Client()->GetModel(kTimeout)->counters;
  EXPECT_GT(counters.max_batch_groups, 1);
  EXPECT_LT(counters.batches - batches_before, kClients);
}

TEST_F(RealModelTest, TheScoreIsTheSumOfRewardsTimesCoefficients) {
  float largest = 0;
  for (const client::ScoreReply& reply : ScoreAlone(RealRequests(16))) {
    for (const absl::StatusOr<client::Score>& result : reply.results) {
      ASSERT_THAT(result->rewards, SizeIs(3));
      double sum = 0;
      for (int k = 0; k < 3; ++k) sum += double{result->rewards[k]} * result->coefficients[k];
      largest = std::max(largest, static_cast<float>(std::abs(sum - result->score)));
    }
  }
  std::printf("largest difference between the score and its sum: %g\n", largest);
  EXPECT_LE(largest, 1e-3f);
}

TEST_F(RealModelTest, BulkScoringOverTheStreamGivesTheSameScoresAsSingleCalls) {
  const std::vector<client::ScoreRequest> requests = RealRequests(24);
  const std::vector<client::ScoreReply> alone = ScoreAlone(requests);
  size_t next = 0;
  std::vector<int> answers(requests.size(), 0);
  const absl::Status status = Client()->ScoreAll(
      [&]() -> std::optional<client::ScoreRequest> {
        if (next == requests.size()) return std::nullopt;
        return requests[next++];
      },
      [&](int64_t index, absl::StatusOr<client::ScoreReply> reply) {
        ++answers[index];
        ASSERT_TRUE(reply.ok()) << reply.status();
        ExpectSameScores(*reply, alone[index]);
      },
      {}, kTimeout);
  EXPECT_OK(status);
  EXPECT_THAT(answers, ::testing::Each(1));
}

TEST_F(RealModelTest, TheGateDependsOnThePromptAlone) {
  client::ScoreRequest request = RealRequests(1)[0];
  request.responses = {"Yes.", "I would rather talk about the history of the violin in Cremona.",
                       ""};
  const client::ScoreReply reply = ScoreAlone({request})[0];
  for (const absl::StatusOr<client::Score>& result : reply.results) {
    EXPECT_EQ(result->gating, reply.results[0]->gating);
  }
}

TEST_F(RealModelTest, AConversationOverTheLimitIsRefusedOrCutAsAsked) {
  client::ScoreRequest request = RealRequests(1)[0];
  request.max_tokens = 40;
  request.responses = {std::string(4000, 'a')};
  EXPECT_EQ(ScoreAlone({request})[0].results[0].status().code(),
            absl::StatusCode::kInvalidArgument);
  request.truncation = client::Truncation::kKeepStart;
  const client::ScoreReply cut = ScoreAlone({request})[0];
  ASSERT_TRUE(cut.results[0].ok()) << cut.results[0].status();
  EXPECT_EQ(cut.results[0]->input_tokens, 40);
  EXPECT_GT(cut.results[0]->truncated_tokens, 0);
}

}  // namespace
}  // namespace assay
