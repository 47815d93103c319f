#include "client/commands/eval_scoring.h"

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::ReadFile;
using ::assay::testing::TempPath;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Comparison> ComparisonsOf(int count) {
  std::vector<Comparison> rows;
  for (int i = 0; i < count; ++i) {
    rows.push_back({.id = i,
                    .subset = "s",
                    .prompt = {{"user", "p"}},
                    .chosen = {absl::StrCat("c", i)},
                    .rejected = {absl::StrCat("r", i), absl::StrCat("x", i)}});
  }
  return rows;
}

class EvalScoringTest : public ::testing::Test {
 protected:
  absl::StatusOr<ScoredRun> Score(EvalScoringOptions options, int rows) {
    const Streams streams = {.out = &out_, .err = &err_};
    absl::StatusOr<Contact> contact = ReachServer(service_.address(), {}, streams);
    if (!contact.ok()) return contact.status();
    EvalRun run = {.model = contact->model, .objectives = contact->model.objectives};
    options.scoring.detail = Detail::kObjectives;
    options.scoring.in_flight = 4;
    return ScoreComparisons(ComparisonsOf(rows), run, options, &*contact, streams);
  }

  FakeRewardService service_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(EvalScoringTest, RowsAreInTheDatasOrderWhateverTheRepliesOrder) {
  service_.AnswerInReverse(4);
  ASSERT_OK_AND_ASSIGN(const ScoredRun scored, Score({}, 40));
  ASSERT_EQ(scored.finished.rows.size(), 40);
  int64_t tokens = 0;
  for (int i = 0; i < 40; ++i) {
    const EvalRow& row = scored.finished.rows[i];
    EXPECT_EQ(row.comparison.id, i);
    EXPECT_EQ(row.chosen[0].score, FakeRewardService::ScoreOf("p", absl::StrCat("c", i)));
    EXPECT_EQ(row.rejected[1].score, FakeRewardService::ScoreOf("p", absl::StrCat("x", i)));
    EXPECT_EQ(row.rejected[1].rewards.size(), 2);
    tokens += TokensOf(row);
  }
  EXPECT_EQ(scored.tokens, tokens);
  EXPECT_EQ(scored.kept, 0);
  EXPECT_EQ(scored.to_retry, 0);
}

TEST_F(EvalScoringTest, ARowsOwnErrorIsNotTriedAgain) {
  service_.FailResult("r3", absl::InvalidArgumentError("too long"));
  const std::string folder = TempPath("own_error");
  ASSERT_OK_AND_ASSIGN(const ScoredRun scored, Score({.folder = folder}, 10));
  EXPECT_EQ(scored.to_retry, 0);
  EXPECT_FALSE(scored.finished.rows[3].error.ok());
  EXPECT_EQ(std::count_if(scored.finished.rows.begin(), scored.finished.rows.end(),
                          [](const EvalRow& row) { return row.error.ok(); }),
            9);
  EXPECT_THAT(ReadFile(folder + "/rows.jsonl"), HasSubstr("rejected[0]: too long"));
}

TEST_F(EvalScoringTest, RowsThatTheServerFailedAreTriedOnceMoreAtTheEnd) {
  ASSERT_OK(Score({.folder = TempPath("calm")}, 30).status());
  const std::string calm = ReadFile(TempPath("calm/rows.jsonl"));
  const int requests = service_.requests();
  service_.FailResult("r3", absl::FailedPreconditionError("being replaced"), 1);
  service_.FailResult("x20", absl::DeadlineExceededError("stalled"), 1);
  const std::string folder = TempPath("failed_once");
  ASSERT_OK_AND_ASSIGN(const ScoredRun scored, Score({.folder = folder}, 30));
  EXPECT_EQ(scored.to_retry, 0);
  EXPECT_THAT(err_.str(), HasSubstr("the server failed 2 rows, which are tried once more"));
  EXPECT_TRUE(scored.finished.rows[3].error.ok());
  EXPECT_EQ(service_.requests() - requests, 32);
  EXPECT_EQ(ReadFile(folder + "/rows.jsonl"), calm);
  EXPECT_EQ(ReadFile(folder + "/rows.jsonl.checkpoint"), "");
}

TEST_F(EvalScoringTest, RowsThatTheServerFailsTwiceStayErrorsForAnotherCall) {
  service_.FailResult("r3", absl::FailedPreconditionError("being replaced"), 2);
  ASSERT_OK_AND_ASSIGN(const ScoredRun scored, Score({.folder = TempPath("twice")}, 10));
  EXPECT_EQ(scored.to_retry, 1);
  EXPECT_THAT(ReadFile(TempPath("twice/rows.jsonl")), HasSubstr("being replaced"));
  ASSERT_OK_AND_ASSIGN(const ScoredRun again, Score({.folder = TempPath("twice")}, 10));
  EXPECT_EQ(again.to_retry, 0);
  EXPECT_LE(again.kept, 3);
}

TEST_F(EvalScoringTest, RowsSayWhatIsTooCloseOnlyWhereThatIsKnown) {
  ASSERT_OK(Score({.folder = TempPath("unknown")}, 2).status());
  EXPECT_THAT(ReadFile(TempPath("unknown/rows.jsonl")), Not(HasSubstr("too_close")));
  ASSERT_OK(Score({.folder = TempPath("known"), .close_call = CloseCall{.margin = 1}}, 2).status());
  EXPECT_THAT(ReadFile(TempPath("known/rows.jsonl")), HasSubstr("too_close"));
}

TEST_F(EvalScoringTest, AFinishedFolderIsScoredAnew) {
  ASSERT_OK(Score({.folder = TempPath("anew")}, 5).status());
  const std::string rows = ReadFile(TempPath("anew/rows.jsonl"));
  ASSERT_OK_AND_ASSIGN(const ScoredRun second, Score({.folder = TempPath("anew")}, 5));
  EXPECT_EQ(second.kept, 0);
  EXPECT_EQ(service_.requests(), 10);
  EXPECT_EQ(ReadFile(TempPath("anew/rows.jsonl")), rows);
}

}  // namespace
}  // namespace assay::client
