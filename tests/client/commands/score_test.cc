#include "client/commands/score.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/json_row.h"
#include "tests/client/commands/score_here.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::ReadFile;
using ::assay::testing::RefusingPort;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::HasSubstr;

struct Finished {
  int exit_code;
  std::vector<Json> rows;
  std::string text;  // Standard output.
  std::string err;
};

Finished RunHere(const std::string& address, const std::string& input, ScoreFlags flags = {}) {
  flags.scoring.address = address;
  flags.input = TempFile("score_input.jsonl", input);
  flags.output = "-";
  std::ostringstream out;
  std::ostringstream err;
  Finished finished = {RunScore(flags, {.out = &out, .err = &err}), {}, out.str(), err.str()};
  for (const absl::string_view line : absl::StrSplit(finished.text, '\n', absl::SkipEmpty())) {
    finished.rows.push_back(Json::parse(line));
  }
  return finished;
}

TEST(ScoreCommandTest, OutputKeepsTheInputsOrderThoughRepliesCameInReverse) {
  FakeRewardService service;
  service.AnswerInReverse(10);
  std::string input;
  for (int i = 0; i < 200; ++i) input += RowOf(i);
  const Finished finished =
      RunHere(service.address(), input, {.scoring = ScoringFlags{.in_flight = 10}});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  ASSERT_EQ(finished.rows.size(), 200);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(finished.rows[i]["id"], i);
    EXPECT_EQ(finished.rows[i]["score"], FakeRewardService::ScoreOf("p", absl::StrCat("r", i)));
  }
}

TEST(ScoreCommandTest, ARowsFieldsComeFirstAsTheyWere) {
  FakeRewardService service;
  const Finished finished =
      RunHere(service.address(),
              R"({"z": [1, {"k": null}], "prompt": "pä😀", "a": 1.5, "responses": ["r"]})");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(
      finished.text,
      ::testing::StartsWith(
          "{\"z\":[1,{\"k\":null}],\"prompt\":\"pä😀\",\"a\":1.5,\"responses\":[\"r\"],\"score\":"));
  EXPECT_EQ(finished.rows[0]["score"], FakeRewardService::ScoreOf("pä😀", "r"));
}

TEST(ScoreCommandTest, BadRowsBecomeErrorRowsInTheirPlacesAndTheExitCodeSaysSo) {
  FakeRewardService service;
  service.FailResult("bad", absl::InvalidArgumentError("too long"));
  const Finished finished =
      RunHere(service.address(),
              absl::StrCat(RowOf(0), "not json\n", R"({"prompt": "p", "id": 2})", "\n", RowOf(3),
                           R"({"prompt": "p", "responses": ["ok", "bad"]})", "\n"));
  EXPECT_EQ(finished.exit_code, 3);
  ASSERT_EQ(finished.rows.size(), 5);
  EXPECT_TRUE(finished.rows[0].contains("score"));
  EXPECT_EQ(finished.rows[1]["line"], 2);
  EXPECT_EQ(finished.rows[1]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(finished.rows[2]["id"], 2);
  EXPECT_THAT(finished.rows[2]["error"]["message"].get<std::string>(), HasSubstr("responses"));
  EXPECT_TRUE(finished.rows[3].contains("score"));
  EXPECT_TRUE(finished.rows[4]["scores"][1].is_null());
  EXPECT_EQ(finished.rows[4]["results"][1]["error"]["message"], "too long");
  EXPECT_THAT(finished.err, HasSubstr("3 rows with errors"));
}

TEST(ScoreCommandTest, OnlyBadRowsNeedNoScoring) {
  FakeRewardService service;
  std::string input;
  for (int i = 0; i < 1000; ++i) input += "{}\n";
  const Finished finished =
      RunHere(service.address(), input, {.scoring = ScoringFlags{.in_flight = 2}});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(finished.rows.size(), 1000);
  EXPECT_EQ(service.requests(), 0);
}

TEST(ScoreCommandTest, AnInputWithoutRowsIsOneSentenceAndExitOne) {
  FakeRewardService service;
  for (const char* input : {"", "\n \n"}) {
    const Finished finished = RunHere(service.address(), input);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(finished.text, "");
    EXPECT_THAT(finished.err, HasSubstr("score_input.jsonl has no rows"));
  }
}

TEST(ScoreCommandTest, ObjectivesAreInTheRowsAndInThePeoplesLine) {
  FakeRewardService service({"helpsteer-helpfulness", "verbosity"});
  const Finished finished = RunHere(
      service.address(), RowOf(0),
      {.scoring = ScoringFlags{.detail = Detail::kObjectives}, .top_k = 1, .explain = true});
  EXPECT_EQ(finished.exit_code, 0);
  const Json& row = finished.rows[0];
  EXPECT_EQ(row["rewards"].size(), 2);
  EXPECT_EQ(row["top_coefficients"], Json({{{"objective", "verbosity"}, {"coefficient", 1.0}}}));
  EXPECT_FLOAT_EQ(row["helpsteer"]["helpsteer-helpfulness"].get<float>(),
                  row["score"].get<float>() * 5 - 0.5F);
  EXPECT_THAT(finished.err, HasSubstr("line 1: score "));
  EXPECT_THAT(finished.err, HasSubstr("verbosity 1.00000"));
}

TEST(ScoreCommandTest, AScalarModelWithObjectivesAskedForStillScores) {
  FakeRewardService service(std::vector<std::string>{});
  const Finished finished =
      RunHere(service.address(), RowOf(0),
              {.scoring = ScoringFlags{.detail = Detail::kObjectives}, .explain = true});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(finished.rows[0].contains("score"));
  EXPECT_FALSE(finished.rows[0].contains("rewards"));
}

TEST(ScoreCommandTest, FieldsOfTheOutputsNamesAreReplacedAndTheUserIsTold) {
  FakeRewardService service;
  const Finished finished =
      RunHere(service.address(), R"({"prompt": "p", "responses": ["r"], "score": "mine"})");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(finished.rows[0]["score"].is_number());
  EXPECT_THAT(finished.err, HasSubstr("1 row had fields"));
}

TEST(ScoreCommandTest, TheLimitCountsRowsGoodOrBad) {
  FakeRewardService service;
  const Finished finished =
      RunHere(service.address(), absl::StrCat(RowOf(0), "{}\n", RowOf(2), RowOf(3)), {.limit = 3});
  EXPECT_EQ(finished.rows.size(), 3);
}

std::string HalfOfAGzipFile(int rows) {
  const std::string path = TempPath("whole.jsonl.gz");
  gzFile file = gzopen(path.c_str(), "wb");
  for (int i = 0; i < rows; ++i) gzputs(file, RowOf(i).c_str());
  gzclose(file);
  const std::string bytes = ReadFile(path);
  return bytes.substr(0, bytes.size() / 2);
}

TEST(ScoreCommandTest, ADamagedFileIsToldBeforeAnythingIsScored) {
  FakeRewardService service;
  const Finished finished = RunHere(service.address(), HalfOfAGzipFile(5000));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("score_input.jsonl: line"));
  EXPECT_EQ(finished.text, "");
  EXPECT_EQ(service.requests(), 0);
}

TEST(ScoreCommandTest, ADamagedPipeStopsWithItsNameAndWhatWasReadIsWritten) {
  FakeRewardService service;
  const std::string path = TempPath("damaged.pipe");
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&path] { std::ofstream(path, std::ios::binary) << HalfOfAGzipFile(5000); });
  ScoreFlags flags = {
      .scoring = ScoringFlags{.address = service.address()}, .input = path, .output = "-"};
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunScore(flags, {.out = &out, .err = &err}), 1);
  writer.join();
  EXPECT_THAT(err.str(), HasSubstr("damaged.pipe"));
  const std::string written = out.str();
  EXPECT_GT(service.requests(), 0);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), service.requests());
}

TEST(ScoreCommandTest, AServerThatIsNotThereIsExitOneAndNoOutputFileIsTouched) {
  const RefusingPort gone;
  const std::string output = TempFile("kept.jsonl", "precious");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunScore({.scoring = ScoringFlags{.address = gone.address()},
                      .input = TempFile("in.jsonl", RowOf(0)),
                      .output = output},
                     {.out = &out, .err = &err}),
            1);
  EXPECT_THAT(err.str(), HasSubstr(gone.address()));
  EXPECT_EQ(ReadFile(output), "precious");
}

TEST(ScoreCommandTest, AServerThatFallsSilentIsExitOneAndEveryRowSentIsWrittenWithItsError) {
  FakeRewardService service;
  service.GoSilent();
  std::string input;
  for (int i = 0; i < 20; ++i) input += RowOf(i);
  const Finished finished =
      RunHere(service.address(), input,
              {.scoring = ScoringFlags{.in_flight = 4, .timeout = absl::Milliseconds(50)}});
  EXPECT_EQ(finished.exit_code, 1);
  ASSERT_GE(finished.rows.size(), 4);
  EXPECT_LT(finished.rows.size(), 20);
  for (const Json& row : finished.rows) EXPECT_EQ(row["error"]["code"], "DEADLINE_EXCEEDED");
  EXPECT_THAT(finished.err, HasSubstr("stopped"));
}

TEST(ScoreCommandTest, ABrokenStreamIsToldAndChangesNothingElse) {
  FakeRewardService service;
  service.BreakStreamAfter(0, absl::UnavailableError("reset"));
  std::string input;
  for (int i = 0; i < 50; ++i) input += RowOf(i);
  const Finished finished = RunHere(service.address(), input);
  EXPECT_EQ(finished.exit_code, 0);
  ASSERT_EQ(finished.rows.size(), 50);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(finished.rows[i]["score"], FakeRewardService::ScoreOf("p", absl::StrCat("r", i)));
  EXPECT_THAT(finished.err, HasSubstr("the stream broke"));
}

TEST(ScoreCommandTest, AnOutputThatCannotBeWrittenIsExitOne) {
  FakeRewardService service;
  std::ostringstream err;
  std::ostringstream out;
  const std::string input = TempFile("in.jsonl", RowOf(0));
  EXPECT_EQ(RunScore({.scoring = ScoringFlags{.address = service.address()},
                      .input = input,
                      .output = "/no/such/folder/out"},
                     {.out = &out, .err = &err}),
            1);
  EXPECT_THAT(err.str(), HasSubstr("/no/such/folder/out"));
  EXPECT_EQ(RunScore({.scoring = ScoringFlags{.address = service.address()},
                      .input = input,
                      .output = "/dev/full"},
                     {.out = &out, .err = &err}),
            1);
  EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

TEST(ScoreCommandTest, TheInputIsNeverOverwritten) {
  const std::string path = TempFile("same.jsonl", RowOf(0));
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunScore({.scoring = ScoringFlags{}, .input = path, .output = path},
                     {.out = &out, .err = &err}),
            2);
  EXPECT_EQ(ReadFile(path), RowOf(0));
}

TEST(ScoreCommandTest, FlagsReachTheCommandAndTheHelpHasAnExample) {
  CLI::App app;
  ScoreFlags flags;
  const CLI::App* command = AddScoreCommand(&app, &flags);
  app.parse("score --input a --output b --top-k 7 --explain --limit 9 --shard 1/2");
  EXPECT_EQ(flags.input, "a");
  EXPECT_EQ(flags.output, "b");
  EXPECT_EQ(flags.top_k, 7);
  EXPECT_TRUE(flags.explain);
  EXPECT_EQ(flags.limit, 9);
  EXPECT_EQ(flags.shard, "1/2");
  EXPECT_THAT(command->help(), HasSubstr("Example:\n  echo"));
  EXPECT_THAT(command->help(), HasSubstr("continued by the same command"));
  CLI::App incomplete;
  AddScoreCommand(&incomplete, &flags);
  EXPECT_THROW(incomplete.parse("score --input a"), CLI::RequiredError);
}

}  // namespace
}  // namespace assay::client
