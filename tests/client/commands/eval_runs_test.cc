// `assay eval` over what earlier calls have left: runs that stopped, shards, rows without a server.
#include <string>

#include "client/commands/eval.h"
#include "client/json_row.h"
#include "tests/client/commands/eval_here.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::Finished;
using ::assay::testing::PairsOf;
using ::assay::testing::ReadFile;
using ::assay::testing::RunHere;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(EvalRunsTest, EverythingIsComputedAgainFromTheRowsWithoutAServer) {
  int wins = 0;
  const std::string data = TempFile("from.jsonl", PairsOf(40, "hep-go", &wins));
  const std::string folder = TempPath("from");
  std::string page;
  std::string tables;
  {
    FakeRewardService service;
    service.SetMarginError(5);
    const Finished scored = RunHere(
        {.scoring = ScoringFlags{.address = service.address(), .detail = Detail::kObjectives},
         .data = {data},
         .output = folder,
         .report = folder + "-report.html"});
    ASSERT_EQ(scored.exit_code, 0) << scored.err;
    page = ReadFile(folder + "-report.html");
    tables = scored.out;
  }
  const std::string again = TempPath("again");
  const Finished computed = RunHere({.from = {folder}, .output = again, .report = again + ".html"});
  EXPECT_EQ(computed.exit_code, 0) << computed.err;
  EXPECT_THAT(tables, StartsWith(computed.out));  // And a line on the speed.
  EXPECT_EQ(ReadFile(again + ".html"), page);
  EXPECT_THAT(page, HasSubstr("<!DOCTYPE html>"));
  for (const char* file : {"/rows.jsonl", "/run.json", "/summary.json", "/eval-set/local/fake.json",
                           "/eval-set-scores/local/fake.json"}) {
    EXPECT_EQ(ReadFile(again + file), ReadFile(folder + file)) << file;
    EXPECT_NE(ReadFile(again + file), "") << file;
  }
  const Finished half = RunHere({.from = {folder + "/rows.jsonl"},
                                 .summary = {.ties = {.kind = TieRule::Kind::kHalf}},
                                 .json = true});
  EXPECT_EQ(Json::parse(half.out)["ties"], "half");
  EXPECT_FALSE(Json::parse(half.out).contains("speed"));
}

TEST(EvalRunsTest, ShardsJoinedAreOneRun) {
  FakeRewardService service;
  int wins = 0;
  const std::string data = TempFile("sharded.jsonl", PairsOf(31, "s", &wins));
  const auto run = [&](const std::string& shard, const std::string& folder) {
    const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                       .data = {data},
                                       .shard = shard,
                                       .output = TempPath(folder)});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
  };
  run("", "whole");
  run("0/2", "part-0");
  run("1/2", "part-1");
  const Finished joined =
      RunHere({.from = {TempPath("part-1"), TempPath("part-0")}, .output = TempPath("joined")});
  EXPECT_EQ(joined.exit_code, 0) << joined.err;
  for (const char* file : {"/rows.jsonl", "/run.json", "/summary.json"})
    EXPECT_EQ(ReadFile(TempPath("joined") + file), ReadFile(TempPath("whole") + file)) << file;
  EXPECT_EQ(service.requests(), 62);
}

TEST(EvalRunsTest, ARunThatStoppedGoesOnAndLeavesWhatAnUndisturbedOneLeaves) {
  int wins = 0;
  const std::string data = TempFile("stopped.jsonl", PairsOf(60, "s", &wins));
  const std::string folder = TempPath("stopped");
  const std::string calm = TempPath("calm");
  EvalFlags flags = {.scoring = ScoringFlags{.in_flight = 4}, .data = {data}, .output = folder};
  {
    FakeRewardService service;
    service.BreakStreamOn("r25", absl::UnauthenticatedError("withdrawn"));
    flags.scoring.address = service.address();
    const Finished finished = RunHere(flags);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_THAT(finished.err, AllOf(HasSubstr("stopped after"), HasSubstr("withdrawn"),
                                    HasSubstr("the same command goes on from there")));
  }
  FakeRewardService service;
  flags.scoring.address = service.address();
  const Finished finished = RunHere(flags);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("continues after"));
  EXPECT_LT(service.requests(), 60);
  flags.output = calm;
  EXPECT_EQ(RunHere(flags).exit_code, 0);
  for (const char* file : {"/rows.jsonl", "/run.json", "/summary.json"})
    EXPECT_EQ(ReadFile(folder + file), ReadFile(calm + file)) << file;
}

TEST(EvalRunsTest, RowsThatTheServerFailedAreTriedAgainByTheSameCommand) {
  int wins = 0;
  const std::string data = TempFile("again.jsonl", PairsOf(20, "s", &wins));
  EvalFlags flags = {.scoring = ScoringFlags{.in_flight = 4, .timeout = absl::Seconds(20)},
                     .data = {data},
                     .output = TempPath("tried_again")};
  FakeRewardService service;
  flags.scoring.address = service.address();
  service.Refuse("r7", absl::UnknownError("a defect"));
  const Finished first = RunHere(flags);
  EXPECT_EQ(first.exit_code, 3);
  EXPECT_THAT(first.err, HasSubstr("of 1 row the server was the cause"));
  FakeRewardService well;
  flags.scoring.address = well.address();
  const Finished second = RunHere(flags);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_LE(well.requests(), 13);
  EXPECT_GE(well.requests(), 13);  // Rows 7 to 19.
}

TEST(EvalRunsTest, AFolderThatHoldsAnotherUnfinishedRunIsLeftAlone) {
  int wins = 0;
  const std::string folder = TempPath("other_run");
  EvalFlags flags = {.scoring = ScoringFlags{.in_flight = 4},
                     .data = {TempFile("one.jsonl", PairsOf(20, "s", &wins))},
                     .output = folder};
  FakeRewardService broken;
  broken.BreakStreamOn("r9", absl::UnauthenticatedError("withdrawn"));
  flags.scoring.address = broken.address();
  EXPECT_EQ(RunHere(flags).exit_code, 1);
  const std::string rows = ReadFile(folder + "/rows.jsonl");
  const std::string run = ReadFile(folder + "/run.json");
  FakeRewardService service;
  flags.scoring.address = service.address();
  flags.data = {TempFile("two.jsonl", PairsOf(21, "s", &wins))};
  const Finished finished = RunHere(flags);
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("checkpoint"));
  EXPECT_EQ(ReadFile(folder + "/rows.jsonl"), rows);
  EXPECT_EQ(ReadFile(folder + "/run.json"), run);
  EXPECT_EQ(service.requests(), 0);
}

}  // namespace
}  // namespace assay::client
