#include "model/forward_run.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::FakeEncoder;
using ::assay::testing::FakeScoreOf;
using ::assay::testing::FakeScorer;
using ::assay::testing::FakeTokensOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

class ForwardRunTest : public ::testing::Test {
 protected:
  ForwardRun NewRun(int64_t batch_tokens) {
    return ForwardRun({.batch_tokens = batch_tokens, .share_prefixes = true, .gate_pattern = {}},
                      &encoder_, {&scorer_}, &clock_, &output_);
  }
  std::vector<Json> Rows() const {
    std::vector<Json> rows;
    for (absl::string_view line : absl::StrSplit(output_.str(), '\n', absl::SkipEmpty())) {
      rows.push_back(Json::parse(line));
    }
    return rows;
  }
  static float ScoreOf(const std::string& prompt, const std::string& response) {
    return FakeScoreOf(FakeTokensOf({{"user", prompt}}, response));
  }

  FakeEncoder encoder_;
  FakeScorer scorer_;
  FakeClock clock_;
  std::ostringstream output_;
};

TEST_F(ForwardRunTest, WritesOneRowAResponseInTheOrderTheyCame) {
  ForwardRun run = NewRun(1000);
  run.Add(R"({"prompt": "p", "chosen": "good", "rejected": "bad"})");
  run.Add(
      R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})");
  EXPECT_THAT(Rows(), IsEmpty());
  run.Flush();
  const std::vector<Json> rows = Rows();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_FLOAT_EQ(rows[0]["score"], ScoreOf("p", "good"));
  EXPECT_FLOAT_EQ(rows[1]["score"], ScoreOf("p", "bad"));
  EXPECT_FLOAT_EQ(rows[2]["score"], ScoreOf("q", "a"));
  EXPECT_EQ(rows[2]["input_tokens"], 4);
  EXPECT_EQ(rows[2]["rewards"].size(), rows[2]["gating"].size());
  EXPECT_EQ(run.errors(), 0);
}

TEST_F(ForwardRunTest, AnErrorStandsInItsRowsPlaceAndFailsNoOther) {
  scorer_.FailOn(FakeTokensOf({{"user", "p"}}, "b"));
  ForwardRun run = NewRun(1000);
  run.Add(R"({"prompt": "p", "responses": ["a", "refused", "b", "c"]})");
  run.Add("not JSON");
  run.Add(R"({"prompt": "p", "responses": ["d"]})");
  run.Flush();
  const std::vector<Json> rows = Rows();
  ASSERT_THAT(rows, SizeIs(6));
  EXPECT_FLOAT_EQ(rows[0]["score"], ScoreOf("p", "a"));
  EXPECT_EQ(rows[1]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(rows[2]["error"]["code"], "INTERNAL");
  EXPECT_FLOAT_EQ(rows[3]["score"], ScoreOf("p", "c"));
  EXPECT_EQ(rows[4]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_FLOAT_EQ(rows[5]["score"], ScoreOf("p", "d"));
  EXPECT_EQ(run.errors(), 3);
}

TEST_F(ForwardRunTest, RunsABatchOnceEnoughTokensHaveGathered) {
  ForwardRun run = NewRun(8);
  const std::string row = R"({"prompt": "p", "responses": ["a"]})";  // 4 tokens.
  for (int i = 0; i < 5; ++i) run.Add(row);
  EXPECT_THAT(Rows(), SizeIs(4));
  run.Flush();
  EXPECT_THAT(scorer_.AwaitBatches(3), ElementsAre(2, 2, 1));
  EXPECT_THAT(Rows(), SizeIs(5));
}

TEST_F(ForwardRunTest, CountsTokensAsIfNothingWereShared) {
  ForwardRun run = NewRun(1000);
  run.Add(R"({"prompt": "pppp", "responses": ["a", "b", "c"]})");  // 4 + 1 shared, 2 each.
  run.Flush();
  EXPECT_THAT(run.Summary(), HasSubstr("3 responses, 0 errors, 21 tokens"));
}

TEST_F(ForwardRunTest, ScoresTokenIdsAsTheyAre) {
  ForwardRun run = NewRun(1000);
  run.Add(R"({"input_ids": [5, 6, 7]})");
  run.Flush();
  ASSERT_THAT(Rows(), SizeIs(1));
  EXPECT_FLOAT_EQ(Rows()[0]["score"], FakeScoreOf({5, 6, 7}));
  EXPECT_EQ(Rows()[0]["input_tokens"], 3);
}

TEST_F(ForwardRunTest, SeveralScorersTakeABatchEachAndTheRowsKeepTheirOrder) {
  FakeScorer second;
  ForwardRun run({.batch_tokens = 1, .share_prefixes = true, .gate_pattern = {}}, &encoder_,
                 {&scorer_, &second}, &clock_, &output_);
  for (const char* response : {"a", "b", "c"}) {
    run.Add(absl::StrCat(R"({"prompt": "p", "responses": [")", response, R"("]})"));
  }
  EXPECT_THAT(Rows(), SizeIs(2));
  run.Flush();
  const std::vector<Json> rows = Rows();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_FLOAT_EQ(rows[0]["score"], ScoreOf("p", "a"));
  EXPECT_FLOAT_EQ(rows[1]["score"], ScoreOf("p", "b"));
  EXPECT_FLOAT_EQ(rows[2]["score"], ScoreOf("p", "c"));
  EXPECT_THAT(second.Scored(), SizeIs(1));
}

}  // namespace
}  // namespace assay
