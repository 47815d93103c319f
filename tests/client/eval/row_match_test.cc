#include "client/eval/row_match.h"

#include <gmock/gmock.h>

#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

EvalRow WithPrompt(EvalRow row, const std::string& prompt) {
  row.comparison.prompt[0].content = prompt;
  return row;
}

TEST(RowMatchTest, RowsMatchBySubsetAndIdInWhateverOrderAndComeInThatOfA) {
  ASSERT_OK_AND_ASSIGN(
      const RowMatch match,
      MatchRows({PairWith("s", 1, 0.1F, 0), PairWith("t", 1, 0.2F, 0), PairWith("s", 2, 0.3F, 0)},
                {PairWith("s", 2, 1.3F, 0), PairWith("s", 1, 1.1F, 0), PairWith("t", 1, 1.2F, 0)}));
  ASSERT_EQ(match.a.size(), 3);
  ASSERT_EQ(match.b.size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(match.a[i].comparison.subset, match.b[i].comparison.subset);
    EXPECT_EQ(match.a[i].comparison.id, match.b[i].comparison.id);
    EXPECT_FLOAT_EQ(match.b[i].chosen[0].score, match.a[i].chosen[0].score + 1);
  }
  EXPECT_EQ(match.a[2].comparison.id, 2);
  EXPECT_EQ(match.only_a.count + match.only_b.count + match.with_errors, 0);
}

TEST(RowMatchTest, RowsOfOneSubsetAndIdMatchInTheirOrder) {
  ASSERT_OK_AND_ASSIGN(
      const RowMatch match,
      MatchRows({WithPrompt(PairWith("s", 1, 1, 0), "x"), WithPrompt(PairWith("s", 1, 2, 0), "y")},
                {WithPrompt(PairWith("s", 1, 3, 0), "x"), WithPrompt(PairWith("s", 1, 4, 0), "y"),
                 WithPrompt(PairWith("s", 1, 5, 0), "z")}));
  ASSERT_EQ(match.b.size(), 2);
  EXPECT_EQ(match.b[0].chosen[0].score, 3);
  EXPECT_EQ(match.b[1].chosen[0].score, 4);
  EXPECT_EQ(match.only_b.count, 1);
}

TEST(RowMatchTest, TheIdSevenIsNotTheTextSeven) {
  ASSERT_OK_AND_ASSIGN(const RowMatch match,
                       MatchRows({PairWith("s", 7, 1, 0), PairWith("s", "x", 1, 0)},
                                 {PairWith("s", "7", 1, 0), PairWith("s", "x", 1, 0)}));
  EXPECT_EQ(match.a.size(), 1);
  EXPECT_THAT(match.only_a.first, ElementsAre("subset \"s\", id 7"));
  EXPECT_THAT(match.only_b.first, ElementsAre("subset \"s\", id \"7\""));
}

TEST(RowMatchTest, RowsOfOneRunAloneAreCountedAndTheFirstNamed) {
  std::vector<EvalRow> a = {PairWith("s", 0, 1, 0)};
  for (int i = 1; i <= 9; ++i) a.push_back(PairWith("s", i, 1, 0));
  ASSERT_OK_AND_ASSIGN(const RowMatch match, MatchRows(a, {PairWith("s", 0, 1, 0)}));
  EXPECT_EQ(match.only_a.count, 9);
  ASSERT_EQ(match.only_a.first.size(), UnmatchedRows::kMaxNamed);
  EXPECT_EQ(match.only_a.first[0], "subset \"s\", id 1");
}

TEST(RowMatchTest, ARowWithAnErrorInEitherRunIsCountedOnceAndLeftOut) {
  ASSERT_OK_AND_ASSIGN(
      const RowMatch match,
      MatchRows(
          {PairWith("s", 1, 1, 0), ErrorRow("s", 2), ErrorRow("s", 3), PairWith("s", 4, 1, 0)},
          {ErrorRow("s", 1), PairWith("s", 2, 1, 0), ErrorRow("s", 3), PairWith("s", 4, 1, 0)}));
  ASSERT_EQ(match.a.size(), 1);
  EXPECT_EQ(match.a[0].comparison.id, 4);
  EXPECT_EQ(match.with_errors, 3);
  EXPECT_EQ(match.errors_a, 2);
  EXPECT_EQ(match.errors_b, 2);
  EXPECT_EQ(match.only_a.count + match.only_b.count, 0);
}

TEST(RowMatchTest, TextsThatDifferAreRefusedNamingRowAndFieldAndNoText) {
  const EvalRow good = PairWith("s", 2, 1, 0);
  EvalRow prompt = good;
  prompt.comparison.prompt[0].content = "secret";
  EvalRow role = good;
  role.comparison.prompt[0].role = "system";
  EvalRow turns = good;
  turns.comparison.prompt.insert(turns.comparison.prompt.begin(), {.role = "user", .content = "x"});
  EvalRow chosen = good;
  chosen.comparison.chosen[0] = "secret";
  EvalRow rejected = good;
  rejected.comparison.rejected[0] = "secret";
  const struct {
    EvalRow row;
    const char* field;
  } kCases[] = {{prompt, "prompt"},
                {role, "prompt"},
                {turns, "prompt"},
                {chosen, "chosen"},
                {rejected, "rejected"}};
  for (const auto& c : kCases) {
    EXPECT_THAT(MatchRows({PairWith("s", 1, 1, 0), good}, {PairWith("s", 1, 1, 0), c.row}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("subset \"s\", id 2"), HasSubstr(c.field),
                               Not(HasSubstr("secret")))));
  }
}

TEST(RowMatchTest, TextsAreComparedAlsoWhereTheRowHasAnError) {
  EvalRow bad = ErrorRow("s", 1);
  bad.comparison.chosen[0] = "another";
  EXPECT_THAT(MatchRows({PairWith("s", 1, 1, 0)}, {bad}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"chosen\"")));
}

TEST(RowMatchTest, RunsWithoutACommonRowAreRefused) {
  EXPECT_THAT(MatchRows({PairWith("s", 1, 1, 0)}, {PairWith("t", 1, 1, 0)}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no row")));
  EXPECT_THAT(MatchRows({}, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MatchRows({ErrorRow("s", 1)}, {PairWith("s", 1, 1, 0)}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace assay::client
