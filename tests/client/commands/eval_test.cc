#include "client/commands/eval.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/json_row.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::ReadFile;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Finished {
  int exit_code;
  std::string out;
  std::string err;
};

Finished RunHere(EvalFlags flags) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = RunEval(flags, {.out = &out, .err = &err});
  return {exit_code, out.str(), err.str()};
}

std::string PairOf(int i, const std::string& subset) {
  return DumpLine(Json{{"id", i},
                       {"subset", subset},
                       {"prompt", "p"},
                       {"chosen", absl::StrCat("c", i)},
                       {"rejected", absl::StrCat("r", i)}}) +
         "\n";
}

// 0..count-1, and how many of them the fake's scores win.
std::string PairsOf(int count, const std::string& subset, int* wins) {
  std::string text;
  *wins = 0;
  for (int i = 0; i < count; ++i) {
    text += PairOf(i, subset);
    const float chosen = FakeRewardService::ScoreOf("p", absl::StrCat("c", i));
    if (chosen > FakeRewardService::ScoreOf("p", absl::StrCat("r", i))) ++*wins;
  }
  return text;
}

TEST(EvalCommandTest, AccuraciesAreThoseOfTheScoresWhateverTheOrderOfReplies) {
  FakeRewardService service;
  service.AnswerInReverse(8);
  service.BreakStreamAfter(16, absl::UnavailableError("reset"));
  int wins = 0;
  const std::string data = TempFile("eval.jsonl", PairsOf(80, "s", &wins));
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address(),
                                                             .detail = Detail::kObjectives,
                                                             .in_flight = 8},
                                     .data = {data},
                                     .json = true});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["all_pairs"]["pairs"], 80);
  EXPECT_EQ(json["all_pairs"]["score"]["wins"], wins);
  EXPECT_EQ(json["all_pairs"]["objectives"]["verbosity"]["wins"],
            wins);  // The fake's rewards follow its score.
  EXPECT_EQ(json["model"]["name"], "fake");
  EXPECT_EQ(json["data"], Json({data}));
}

TEST(EvalCommandTest, TheTableHasARowASubsetInTheFilesOrder) {
  FakeRewardService service;
  const std::string first = TempFile("b.jsonl", PairOf(0, "zebra") + PairOf(1, "apple"));
  const std::string second = TempFile("a.jsonl", PairOf(2, "apple"));
  const Finished finished =
      RunHere({.scoring = ScoringFlags{.address = service.address(), .detail = Detail::kObjectives},
               .data = {first, second}});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_LT(finished.out.find("zebra"), finished.out.find("apple"));
  EXPECT_THAT(finished.out, HasSubstr("helpsteer-helpfulness"));
  EXPECT_THAT(finished.out, HasSubstr("all pairs"));
  EXPECT_THAT(finished.out, HasSubstr("model fake, revision fake-revisio"));
}

TEST(EvalCommandTest, APairThatCannotBeScoredIsAnErrorNotALoss) {
  FakeRewardService service;
  service.FailResult("r1", absl::InvalidArgumentError("too long"));
  const std::string data =
      TempFile("errors.jsonl", PairOf(0, "s") + PairOf(1, "s") + PairOf(2, "s"));
  const Finished finished = RunHere(
      {.scoring = ScoringFlags{.address = service.address()}, .data = {data}, .json = true});
  EXPECT_EQ(finished.exit_code, 3);
  const Json total = Json::parse(finished.out)["all_pairs"];
  EXPECT_EQ(total["pairs"], 2);
  EXPECT_EQ(total["errors"], 1);
  EXPECT_EQ(total["score"]["wins"].get<int>() + total["score"]["ties"].get<int>() +
                total["score"]["losses"].get<int>(),
            2);
  EXPECT_THAT(finished.err, HasSubstr("the first: INVALID_ARGUMENT: rejected: too long"));
}

TEST(EvalCommandTest, OneBadRowInTheLastFileRefusesEverythingBeforeAnythingIsSent) {
  FakeRewardService service;
  const std::string good = TempFile("good.jsonl", PairOf(0, "s"));
  const std::string bad =
      TempFile("bad.jsonl", absl::StrCat(PairOf(0, "s"), "{\"prompt\": \"p\"}\n"));
  const Finished finished =
      RunHere({.scoring = ScoringFlags{.address = service.address()}, .data = {good, bad}});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("line 2"));
  EXPECT_THAT(finished.err, HasSubstr("\"chosen\""));
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(service.requests(), 0);
}

TEST(EvalCommandTest, TheLimitIsOfEachFile) {
  FakeRewardService service;
  int wins = 0;
  const std::string a = TempFile("a.jsonl", PairsOf(5, "a", &wins));
  const std::string b = TempFile("b.jsonl", PairsOf(5, "b", &wins));
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                     .data = {a, b},
                                     .json = true,
                                     .limit = 2});
  EXPECT_EQ(Json::parse(finished.out)["all_pairs"]["pairs"], 4);
}

TEST(EvalCommandTest, TheFolderGetsARowAPairInOrderAndTheSummary) {
  FakeRewardService service;
  service.AnswerInReverse(4);
  service.FailResult("c5", absl::InternalError("NaN"));
  int wins = 0;
  const std::string data = TempFile("rows.jsonl", PairsOf(40, "s", &wins));
  const std::string folder = TempPath("results/deeper");
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address(),
                                                             .detail = Detail::kObjectives,
                                                             .in_flight = 4},
                                     .data = {data},
                                     .output = folder,
                                     .json = true});
  EXPECT_EQ(finished.exit_code, 3);
  const std::vector<std::string> lines =
      absl::StrSplit(ReadFile(folder + "/rows.jsonl"), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 40);
  for (int i = 0; i < 40; ++i) {
    const Json row = Json::parse(lines[i]);
    EXPECT_EQ(row["id"], i);
    if (i == 5) {
      EXPECT_EQ(row["error"]["code"], "INTERNAL");
      continue;
    }
    EXPECT_EQ(row["chosen"]["score"], FakeRewardService::ScoreOf("p", absl::StrCat("c", i)));
    EXPECT_EQ(row["margin_by_objective"].size(), 2);
  }
  EXPECT_EQ(ReadFile(folder + "/summary.json"), finished.out);
}

TEST(EvalCommandTest, WithoutObjectivesOnlyTheScoreIsMeasured) {
  FakeRewardService service;
  const std::string data = TempFile("plain.jsonl", PairOf(0, "s"));
  const Finished finished =
      RunHere({.scoring = ScoringFlags{.address = service.address(), .detail = Detail::kScore},
               .data = {data}});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, Not(HasSubstr("verbosity")));
}

TEST(EvalCommandTest, TheDemonstrationModelSaysWhatItIsAndOthersDoNot) {
  FakeRewardService service;
  const std::string data = TempFile("demo.jsonl", PairOf(0, "s"));
  const EvalFlags flags = {
      .scoring = ScoringFlags{.address = service.address(), .detail = Detail::kObjectives},
      .data = {data}};
  EXPECT_THAT(RunHere(flags).out, Not(HasSubstr("demonstration")));
  service.SetModelName("armorm-mini");
  EXPECT_THAT(RunHere(flags).out,
              HasSubstr("armorm-mini is a small demonstration model; not a judge to rely on.\n"));
}

TEST(EvalCommandTest, AServerThatFallsSilentIsExitOneWithoutATable) {
  FakeRewardService service;
  service.GoSilent();
  const std::string data = TempFile("silent.jsonl", PairOf(0, "s"));
  const Finished finished = RunHere(
      {.scoring = ScoringFlags{.address = service.address(), .timeout = absl::Milliseconds(50)},
       .data = {data}});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr("stopped after 0 of 1 pair"));
}

TEST(EvalCommandTest, AFolderThatCannotBeMadeIsExitOneBeforeAnythingIsSent) {
  FakeRewardService service;
  const std::string data = TempFile("file.jsonl", PairOf(0, "s"));
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                     .data = {data},
                                     .output = data + "/sub"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("rows.jsonl cannot be written"));
  EXPECT_EQ(service.requests(), 0);
}

// Of 80 pairs, those whose scores differ by less than `margin`.
int CloseCalls(double margin) {
  int count = 0;
  for (int i = 0; i < 80; ++i) {
    const float chosen = FakeRewardService::ScoreOf("p", absl::StrCat("c", i));
    const float rejected = FakeRewardService::ScoreOf("p", absl::StrCat("r", i));
    if (std::fabs(chosen - rejected) < margin) ++count;
  }
  return count;
}

TEST(EvalCommandTest, PairsNearerThanTheServersErrorAreMarkedAndCountedAndStillWonOrLost) {
  constexpr double kMargin = 30;
  FakeRewardService service;
  service.SetMarginError(kMargin);
  int wins = 0;
  const std::string data = TempFile("close.jsonl", PairsOf(80, "s", &wins));
  const std::string folder = TempPath("close");
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                     .data = {data},
                                     .output = folder,
                                     .json = true});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const Json json = Json::parse(finished.out);
  ASSERT_GT(CloseCalls(kMargin), 0);
  ASSERT_LT(CloseCalls(kMargin), 80);
  EXPECT_EQ(json["too_close"], Json({{"margin", kMargin}, {"source", "server"}}));
  EXPECT_EQ(json["all_pairs"]["too_close"], CloseCalls(kMargin));
  EXPECT_EQ(json["all_pairs"]["score"]["wins"], wins);
  int marked = 0;
  for (absl::string_view line :
       absl::StrSplit(ReadFile(folder + "/rows.jsonl"), '\n', absl::SkipEmpty())) {
    const Json row = Json::parse(line);
    EXPECT_EQ(row["too_close"], std::fabs(row["margin"].get<double>()) < kMargin) << row;
    if (row["too_close"].get<bool>()) ++marked;
  }
  EXPECT_EQ(marked, CloseCalls(kMargin));
}

TEST(EvalCommandTest, TheUsersMarginReplacesTheServers) {
  FakeRewardService service;
  service.SetMarginError(30);
  int wins = 0;
  const std::string data = TempFile("users.jsonl", PairsOf(80, "s", &wins));
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                     .data = {data},
                                     .json = true,
                                     .too_close = 10});
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["too_close"], Json({{"margin", 10.0}, {"source", "user"}}));
  EXPECT_EQ(json["all_pairs"]["too_close"], CloseCalls(10));
}

TEST(EvalCommandTest, WithoutAKnownErrorNothingIsMarkedAndThatIsSaid) {
  FakeRewardService service;
  const std::string data = TempFile("unknown.jsonl", PairOf(0, "s"));
  const std::string folder = TempPath("unknown");
  const Finished finished = RunHere(
      {.scoring = ScoringFlags{.address = service.address()}, .data = {data}, .output = folder});
  EXPECT_THAT(finished.out, HasSubstr("too close to call: not counted"));
  EXPECT_THAT(ReadFile(folder + "/rows.jsonl"), Not(HasSubstr("too_close")));
}

TEST(EvalCommandTest, AMarginBelowZeroIsNone) {
  CLI::App app;
  EvalFlags flags;
  AddEvalCommand(&app, &flags);
  EXPECT_THROW(app.parse("eval --data a --too-close -0.1"), CLI::ValidationError);
}

TEST(EvalCommandTest, FlagsReachTheCommandAndObjectivesAreItsDefault) {
  CLI::App app;
  EvalFlags flags;
  const CLI::App* command = AddEvalCommand(&app, &flags);
  app.parse("eval --data a --data b --output o --format json --limit 3 --too-close 0.25");
  EXPECT_THAT(flags.data, ElementsAre("a", "b"));
  EXPECT_EQ(flags.output, "o");
  EXPECT_TRUE(flags.json);
  EXPECT_EQ(flags.limit, 3);
  EXPECT_EQ(flags.too_close, 0.25);
  EXPECT_EQ(flags.scoring.detail, Detail::kObjectives);
  EXPECT_THAT(command->help(), HasSubstr("Example:\n  assay eval"));
}

}  // namespace
}  // namespace assay::client
