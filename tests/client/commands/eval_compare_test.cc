#include "client/commands/eval_compare.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/json_row.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/client/temp_file.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RunOf;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Finished {
  int exit_code;
  std::string out;
  std::string err;
};

Finished RunHere(const EvalCompareFlags& flags) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = RunEvalCompare(flags, {.out = &out, .err = &err});
  return {exit_code, out.str(), err.str()};
}

// A folder as `assay eval --output` leaves it.
std::string FolderOf(const std::string& name, const std::vector<EvalRow>& rows,
                     const std::string& revision = "one") {
  const std::string folder = TempPath("compare_" + name);
  std::filesystem::create_directories(folder);
  EvalRun run = RunOf();
  run.model.revision = revision;
  std::ofstream(folder + "/run.json") << EvalRunJson(run).dump(2);
  std::ofstream file(folder + "/rows.jsonl");
  for (const EvalRow& row : rows) file << DumpLine(EvalRowJson(row, {}, std::nullopt)) << '\n';
  return folder;
}

// 20 rows of Reasoning, of which the first `right` are right.
std::vector<EvalRow> Right(int right) {
  std::vector<EvalRow> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(PairWith("hep-go", i, i < right ? 1.0F : -1.0F, 0));
  return rows;
}

TEST(EvalCompareCommandTest, ARunScoredTwiceByOneModelIsToldToBeTheSame) {
  const std::string a = FolderOf("same_a", Right(15));
  const std::string b = FolderOf("same_b", Right(15));
  const Finished finished = RunHere({.a = a, .b = b + "/rows.jsonl", .fail_if_worse = 0.5});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, AllOf(HasSubstr("bit-equal for all 40 responses"),
                                  HasSubstr("0 rows flipped"), HasSubstr("Reasoning")));
  EXPECT_EQ(finished.err, "");
}

TEST(EvalCompareCommandTest, TheGateClosesWhereBIsWorseByMoreThanChanceAndSaysWhere) {
  const std::string good = FolderOf("good", Right(15), "one");
  const std::string bad = FolderOf("bad", Right(5), "two");
  const Finished worse = RunHere({.a = good, .b = bad, .fail_if_worse = 0.01});
  EXPECT_EQ(worse.exit_code, 4);
  EXPECT_THAT(worse.out, HasSubstr("10 rows flipped"));  // The report is there all the same.
  EXPECT_THAT(worse.err, AllOf(HasSubstr("B is worse"), HasSubstr("Reasoning")));
  EXPECT_EQ(RunHere({.a = good, .b = bad, .fail_if_worse = 0.0001}).exit_code, 0);
  EXPECT_EQ(RunHere({.a = good, .b = bad}).exit_code, 0);
  EXPECT_EQ(RunHere({.a = bad, .b = good, .fail_if_worse = 0.5}).exit_code, 0);
}

TEST(EvalCompareCommandTest, RowsWithErrorsAreExitThreeButNotBeforeFour) {
  const std::string good = FolderOf("complete", Right(15));
  std::vector<EvalRow> rows = Right(15);
  rows[0] = ErrorRow("hep-go", 0);
  const Finished some = RunHere({.a = good, .b = FolderOf("some", rows), .fail_if_worse = 0.01});
  EXPECT_EQ(some.exit_code, 3);
  EXPECT_THAT(some.err, HasSubstr("1 row with errors left out"));
  EXPECT_THAT(some.out, HasSubstr("left out: 1 row with errors (0 in A, 1 in B)"));
  rows = Right(5);
  rows[0] = ErrorRow("hep-go", 0);
  EXPECT_EQ(RunHere({.a = good, .b = FolderOf("both", rows), .fail_if_worse = 0.01}).exit_code, 4);
}

TEST(EvalCompareCommandTest, JsonGoesToStandardOutput) {
  const Finished finished = RunHere({.a = FolderOf("json_a", Right(15), "one"),
                                     .b = FolderOf("json_b", Right(5), "two"),
                                     .json = true,
                                     .flips = 3});
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["a"]["model"]["revision"], "one");
  EXPECT_EQ(json["b"]["model"]["revision"], "two");
  EXPECT_EQ(json["flips"]["count"], 10);
  EXPECT_EQ(json["flips"]["first"].size(), 3);
  EXPECT_TRUE(json["scores"].is_null());
}

TEST(EvalCompareCommandTest, WhatCannotBeComparedIsExitOneAndOneSentence) {
  const std::string good = FolderOf("sentence", Right(15));
  const Finished missing = RunHere({.a = good, .b = "/no/such/run"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("assay: "), HasSubstr("/no/such/run")));
  EXPECT_EQ(missing.out, "");
  const Finished other = RunHere({.a = good, .b = FolderOf("other", {PairWith("else", 1, 1, 0)})});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("no row is scored in both runs"));
}

TEST(EvalCompareCommandTest, FlagsReachTheCommand) {
  CLI::App app;
  EvalCompareFlags flags;
  CLI::App* eval = app.add_subcommand("eval", "");
  const CLI::App* command = AddEvalCompareCommand(eval, &flags);
  app.parse(
      "eval compare one two --format json --flips 0 --scores always --ties half --weights 2024-05 "
      "--fail-if-worse 0.01");
  EXPECT_TRUE(command->parsed());
  EXPECT_EQ(flags.a, "one");
  EXPECT_EQ(flags.b, "two");
  EXPECT_TRUE(flags.json);
  EXPECT_EQ(flags.flips, 0);
  EXPECT_EQ(flags.compare.scores, CompareOptions::Scores::kAlways);
  EXPECT_EQ(flags.compare.summary.ties.kind, TieRule::Kind::kHalf);
  EXPECT_EQ(flags.compare.summary.weighting, Weighting::kMay2024);
  EXPECT_EQ(flags.fail_if_worse, 0.01);
}

TEST(EvalCompareCommandTest, HelpHasAnExampleAndTheExitCodes) {
  CLI::App app;
  EvalCompareFlags flags;
  const std::string help = AddEvalCompareCommand(&app, &flags)->help();
  EXPECT_THAT(help, AllOf(HasSubstr("assay eval compare results/stable results/canary"),
                          HasSubstr("4 B is worse")));
}

TEST(EvalCompareCommandTest, BadUsageIsRefused) {
  for (const char* arguments :
       {"compare", "compare a", "compare a b c", "compare a b --fail-if-worse 0",
        "compare a b --fail-if-worse 1", "compare a b --fail-if-worse nan",
        "compare a b --flips -1", "compare a b --format csv", "compare a b --scores never"}) {
    CLI::App app;
    EvalCompareFlags flags;
    AddEvalCompareCommand(&app, &flags);
    EXPECT_THROW(app.parse(arguments), CLI::ParseError) << arguments;
  }
}

}  // namespace
}  // namespace assay::client
