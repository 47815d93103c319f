// Runs of `assay score` that stop and are continued, and runs in parts.
#include <filesystem>
#include <sstream>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/commands/score.h"
#include "client/json_row.h"
#include "tests/client/commands/score_here.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::ReadFile;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::HasSubstr;

// Scores to a file, whose bytes it returns too.
struct FileRun {
  int exit_code;
  std::string err;
  std::string file;
};

FileRun RunToFile(const std::string& address, const std::string& input, const std::string& output,
                  ScoreFlags flags = {}) {
  flags.scoring.address = address;
  flags.scoring.in_flight = 4;
  flags.input = input;
  flags.output = output;
  std::ostringstream err;
  const int exit_code = RunScore(flags, {.out = nullptr, .err = &err});
  return {exit_code, err.str(), ReadFile(output)};
}

TEST(RowScoringTest, TheSameCommandContinuesARunThatStoppedAndTheWholeIsCounted) {
  std::string text = "not json\n";
  for (int i = 0; i < 30; ++i) text += RowOf(i);
  const std::string input = TempFile("long.jsonl", text);
  FakeRewardService service;
  const FileRun whole = RunToFile(service.address(), input, TempPath("whole.jsonl"));
  EXPECT_EQ(whole.exit_code, 3);

  const std::string output = TempPath("continued.jsonl");
  service.BreakStreamAfter(10, absl::PermissionDeniedError("no"));
  const FileRun stopped = RunToFile(service.address(), input, output);
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_THAT(stopped.err, HasSubstr("the same command continues where it stopped"));
  EXPECT_THAT(stopped.file, HasSubstr("PERMISSION_DENIED"));
  const int requests = service.requests();

  const FileRun continued = RunToFile(service.address(), input, output);
  EXPECT_THAT(continued.err, HasSubstr("continues after 11 rows"));
  EXPECT_THAT(continued.err, HasSubstr("scored 30 responses of 31 rows"));
  EXPECT_THAT(continued.err, HasSubstr("1 row with errors"));
  EXPECT_EQ(continued.exit_code, 3);
  EXPECT_EQ(continued.file, whole.file);
  EXPECT_EQ(service.requests() - requests, 20);
  EXPECT_FALSE(std::filesystem::exists(output + ".checkpoint"));
}

TEST(RowScoringTest, ARowThatTheServerFailedIsScoredByTheSameCommandLater) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += RowOf(i);
  const std::string input = TempFile("failed.jsonl", text);
  const std::string output = TempPath("failed_scored.jsonl");
  FakeRewardService service;
  service.Refuse("r20", absl::DeadlineExceededError("slow"));
  const FileRun first = RunToFile(service.address(), input, output);
  EXPECT_EQ(first.exit_code, 3);
  EXPECT_THAT(first.err, HasSubstr("of 1 row the server was the cause"));
  EXPECT_THAT(first.file, HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_EQ(absl::c_count(first.file, '\n'), 30);  // The rows after it are there, too.
  FakeRewardService well;
  const FileRun second = RunToFile(well.address(), input, output);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_GE(well.requests(), 10);  // Row 20 and those after it, with what was not yet written then.
  EXPECT_LT(well.requests(), 30);
  EXPECT_EQ(second.file, RunToFile(well.address(), input, TempPath("calm.jsonl")).file);
  EXPECT_FALSE(std::filesystem::exists(output + ".checkpoint"));
}

TEST(RowScoringTest, ARunWhoseServerGetsAnotherModelStopsAndItsRestIsScoredOnceItIsBack) {
  FakeRewardService service;
  std::string input;
  for (int i = 0; i < 1000; ++i) input += RowOf(i);
  ScoreFlags flags = {.scoring = ScoringFlags{.in_flight = 8}};
  flags.scoring.address = service.address();
  flags.input = TempFile("replaced.jsonl", input);
  flags.output = TempPath("replaced_scored.jsonl");
  service.SetRevisionAfter(100, "another");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunScore(flags, {.out = &out, .err = &err}), 1);
  EXPECT_THAT(err.str(), HasSubstr("no server is left with the model revision of this run"));
  EXPECT_THAT(err.str(), HasSubstr("which is another"));
  EXPECT_LE(service.requests(), 200);  // The other rows were not sent in vain.
  FakeRewardService back;
  flags.scoring.address = back.address();
  EXPECT_EQ(RunScore(flags, {.out = &out, .err = &err}), 0) << err.str();
  const std::string text = ReadFile(flags.output);
  int row = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(Json::parse(line)["score"],
              FakeRewardService::ScoreOf("p", absl::StrCat("r", row++)));
  }
  EXPECT_EQ(row, 1000);
}

TEST(RowScoringTest, ACheckpointOfOtherFlagsIsRefusedByTheFlagThatDiffers) {
  FakeRewardService service;
  std::string text;
  for (int i = 0; i < 30; ++i) text += RowOf(i);
  const std::string input = TempFile("long.jsonl", text);
  const std::string output = TempPath("refused.jsonl");
  service.BreakStreamAfter(10, absl::PermissionDeniedError("no"));
  const FileRun stopped = RunToFile(service.address(), input, output);
  ASSERT_EQ(stopped.exit_code, 1) << stopped.err;
  const FileRun other = RunToFile(service.address(), input, output, {.limit = 20});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("limit is 0 there and 20 here"));
  TempFile("long.jsonl", text + RowOf(30));
  EXPECT_THAT(RunToFile(service.address(), input, output).err, HasSubstr("input_bytes is"));
}

TEST(RowScoringTest, ShardsOutputsJoinedAreOneRuns) {
  FakeRewardService service;
  std::string text;
  for (int i = 0; i < 11; ++i) text += RowOf(i);
  const std::string input = TempFile("to_cut.jsonl", text);
  std::string joined;
  for (int i = 0; i < 4; ++i) {
    const FileRun run = RunToFile(service.address(), input, TempPath("part-{shard}.jsonl"),
                                  {.shard = absl::StrCat(i, "/4")});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    joined += ReadFile(TempPath(absl::StrCat("part-", i, ".jsonl")));
  }
  EXPECT_EQ(joined, RunToFile(service.address(), input, TempPath("uncut.jsonl")).file);
}

TEST(RowScoringTest, WhatIsMissingIsOneSentence) {
  FakeRewardService service;
  EXPECT_EQ(RunToFile(service.address(), "/nowhere.jsonl", TempPath("o")).err,
            "assay: cannot open /nowhere.jsonl: No such file or directory\n");
  EXPECT_EQ(
      RunToFile(service.address(), TempFile("in.jsonl", RowOf(0)), "/no/folder/o").err,
      "assay: the output /no/folder/o cannot be written: there is no folder /no/folder; create "
      "it first\n");
}

TEST(RowScoringTest, AShardThatIsNoneIsBadUsage) {
  const std::string input = TempFile("in.jsonl", RowOf(0));
  const FileRun bad = RunToFile("unused:1", input, TempPath("bad"), {.shard = "4/4"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("0 <= I < N"));
  const FileRun unsaid = RunToFile("unused:1", input, TempPath("bad-{shard}"));
  EXPECT_EQ(unsaid.exit_code, 2);
  EXPECT_THAT(unsaid.err, HasSubstr("--shard"));
  const FileRun outside = RunToFile("unused:1", input, TempPath("bad"), {.shard = "auto/4"});
  EXPECT_EQ(outside.exit_code, 2);
  EXPECT_THAT(outside.err, HasSubstr("JOB_COMPLETION_INDEX"));
}

}  // namespace
}  // namespace assay::client
