#include "client/commands/eval.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/json_row.h"
#include "tests/client/commands/eval_here.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::Finished;
using ::assay::testing::PairOf;
using ::assay::testing::PairsOf;
using ::assay::testing::ReadFile;
using ::assay::testing::RunHere;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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
  EXPECT_EQ(json["all_rows"]["rows"], 80);
  EXPECT_EQ(json["all_rows"]["score"]["wins"], wins);
  EXPECT_EQ(json["all_rows"]["objectives"]["verbosity"]["wins"],
            wins);  // The fake's rewards follow its score.
  EXPECT_EQ(json["model"]["name"], "fake");
  EXPECT_EQ(json["data"].size(), 1);
  EXPECT_THAT(data, EndsWith(json["data"][0].get<std::string>()));  // Without its folder.
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
  EXPECT_THAT(finished.out, HasSubstr("all rows"));
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
  const Json total = Json::parse(finished.out)["all_rows"];
  EXPECT_EQ(total["rows"], 2);
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
                                     .limit = 2,
                                     .json = true});
  EXPECT_EQ(Json::parse(finished.out)["all_rows"]["rows"], 4);
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
  Json shown = Json::parse(finished.out);
  EXPECT_EQ(shown["speed"]["rows"], 40);
  shown.erase("speed");
  EXPECT_EQ(Json::parse(ReadFile(folder + "/summary.json")), shown);
  EXPECT_FALSE(std::filesystem::exists(folder + "/rows.jsonl.checkpoint"));
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
  EXPECT_THAT(finished.err, HasSubstr("stopped after 0 of 1 row"));
}

TEST(EvalCommandTest, AFolderThatCannotBeMadeIsExitOneBeforeAnythingIsSent) {
  FakeRewardService service;
  const std::string data = TempFile("file.jsonl", PairOf(0, "s"));
  const Finished finished = RunHere({.scoring = ScoringFlags{.address = service.address()},
                                     .data = {data},
                                     .output = data + "/sub"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("rows.jsonl"));
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
  EXPECT_EQ(json["all_rows"]["too_close"], CloseCalls(kMargin));
  EXPECT_EQ(json["all_rows"]["score"]["wins"], wins);
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
                                     .summary = {.too_close = 10},
                                     .json = true});
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["too_close"], Json({{"margin", 10.0}, {"source", "user"}}));
  EXPECT_EQ(json["all_rows"]["too_close"], CloseCalls(10));
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
  EXPECT_EQ(flags.summary.too_close, 0.25);
  EXPECT_EQ(flags.scoring.detail, Detail::kObjectives);
  EXPECT_THAT(command->help(), HasSubstr("Examples:\n  assay eval"));
}

TEST(EvalCommandTest, PriorSetsAreSubsetsBySplitAndThoseThatAreNeverRunAreLeftOut) {
  FakeRewardService service;
  const std::string folder = TempPath("prior");
  std::filesystem::create_directories(folder);
  for (const char* split : {"shp-00000-of-00001", "pku_safer"})
    std::ofstream(absl::StrCat(folder, "/", split, ".jsonl"))
        << PairOf(0, "any") << PairOf(1, "any");
  const Finished finished =
      RunHere({.scoring = ScoringFlags{.address = service.address()},
               .pref_sets = {folder + "/shp-00000-of-00001.jsonl", folder + "/pku_safer.jsonl"},
               .json = true});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("2 rows of pku_better and pku_safer left out"));
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["subsets"][0]["subset"], "shp");
  EXPECT_EQ(json["subsets"].size(), 1);
  EXPECT_EQ(json["benchmark"]["prior_sets"], true);
}

TEST(EvalCommandTest, ListsOfResponsesAreOneRequestEach) {
  FakeRewardService service;
  const std::string data =
      TempFile("best.jsonl", R"({"prompt": "p", "chosen": ["a"], "rejected": ["b", "c", "d"]})");
  const Finished finished = RunHere(
      {.scoring = ScoringFlags{.address = service.address()}, .data = {data}, .json = true});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(service.requests(), 1);
  const Json subset = Json::parse(finished.out)["subsets"][0];
  EXPECT_EQ(subset["metric"], "best-of-n");
  const float a = FakeRewardService::ScoreOf("p", "a");
  bool is_best = true;
  for (const char* other : {"b", "c", "d"})
    is_best = is_best && a > FakeRewardService::ScoreOf("p", other);
  EXPECT_EQ(subset["score"]["wins"], is_best ? 1 : 0);
}

TEST(EvalCommandTest, NeitherDataNorARunBothAndAShardThatIsNoneAreBadUsage) {
  const Finished neither = RunHere({});
  EXPECT_EQ(neither.exit_code, 2);
  EXPECT_THAT(neither.err, AllOf(HasSubstr("--data FILE"), HasSubstr("--from DIR")));
  const Finished both = RunHere({.data = {"a"}, .from = {"b"}});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_THAT(both.err, HasSubstr("--from takes finished runs in the place of"));
  const Finished shard = RunHere({.data = {"a"}, .shard = "2/2"});
  EXPECT_EQ(shard.exit_code, 2);
  EXPECT_THAT(shard.err, HasSubstr("shard \"2/2\" is not I/N"));
}

TEST(EvalCommandTest, EachMistakeIsOneSentenceAndExitOne) {
  FakeRewardService service;
  const ScoringFlags scoring = {.address = service.address()};
  const std::string good = TempFile("fine.jsonl", PairOf(0, "s"));
  std::string bad_line;
  for (int i = 1; i < 57; ++i) bad_line += PairOf(i, "s");
  bad_line += "{\"prompt\": \n";
  const struct {
    EvalFlags flags;
    const char* what;
  } kMistakes[] = {
      {{.scoring = scoring, .data = {"/no/such.jsonl"}}, "/no/such.jsonl"},
      {{.scoring = scoring, .data = {TempFile("void.jsonl", "")}}, "holds no row"},
      {{.scoring = scoring, .data = {TempFile("57.jsonl", bad_line)}}, "line 57: not JSON"},
      {{.scoring = scoring,
        .data = {TempFile("field.jsonl", "{\"prompt\": \"p\", \"chosen\": \"c\"}")}},
       "line 1: field \"rejected\" is missing"},
      {{.scoring = scoring, .data = {good}, .shard = "1/2"}, "has no row"},
      {{.from = {"/no/such/run"}}, "/no/such/run"},
      {{.scoring = scoring, .data = {good}, .report = "/no/such/report.html"},
       "/no/such/report.html"},
      {{.scoring = ScoringFlags{.address = "127.0.0.1:1"}, .data = {good}}, "no server answers at"},
  };
  for (const auto& mistake : kMistakes) {
    const Finished finished = RunHere(mistake.flags);
    EXPECT_EQ(finished.exit_code, 1) << mistake.what;
    EXPECT_THAT(finished.err, AllOf(StartsWith("assay: "), HasSubstr(mistake.what)));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
  }
}

}  // namespace
}  // namespace assay::client
