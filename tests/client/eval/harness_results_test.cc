#include "client/eval/harness_results.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/eval/eval_summary.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::ReadFile;
using ::assay::testing::RowWith;
using ::assay::testing::RunOf;
using ::assay::testing::ScoreOf;
using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FinishedRun Finished(std::vector<EvalRow> rows, const std::string& model = "org/model") {
  FinishedRun finished = {.run = RunOf(), .rows = std::move(rows)};
  finished.run.model.name = model;
  return finished;
}

// What RewardBench's rules, rewritten in Python, make of the files; null with the reason on this
// test's standard error where they are not right.
Json ReadAsTheHarnessDoes(const std::string& folder, const std::string& model) {
  const std::string command =
      absl::StrCat("python3 '", ASSAY_SOURCE_DIR, "/tests/client/eval/read_harness_results.py' '",
                   folder, "' '", model, "'");
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string out;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe.get())) > 0;) out.append(buffer, n);
  return out.empty() ? Json() : Json::parse(out);
}

// Some rows of each of RewardBench's subsets, with every outcome.
std::vector<EvalRow> RewardBenchRows() {
  std::vector<EvalRow> rows;
  int id = 0;
  for (const char* subset :
       {"alpacaeval-easy", "mt-bench-med", "llmbar-adver-GPTOut", "mt-bench-hard", "math-prm",
        "hep-cpp", "hep-rust", "xstest-should-refuse", "xstest-should-respond", "donotanswer"}) {
    for (int i = 0; i < 3 + id % 4; ++i, ++id) {
      rows.push_back(PairWith(subset, id, 0.1F * static_cast<float>(id * 7 % 5),
                              0.1F * static_cast<float>(id * 3 % 5)));
    }
  }
  return rows;
}

TEST(HarnessResultsTest, RewardBenchsOwnRuleFindsTheSectionsInTheFiles) {
  const FinishedRun finished = Finished(RewardBenchRows());
  const std::string folder = TempPath("harness");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> paths, WriteHarnessResults(finished, folder));
  EXPECT_THAT(paths, ElementsAre(folder + "/eval-set/org/model.json",
                                 folder + "/eval-set-scores/org/model.json"));
  const Json read = ReadAsTheHarnessDoes(folder, "org/model");
  ASSERT_TRUE(read.is_object());
  const BenchmarkScore ours = *Summarize(finished, {}).benchmark;
  ASSERT_EQ(ours.sections.size(), 5);
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(read["eval-set"]["sections"][ours.sections[k].section], *ours.sections[k].score,
                1e-12);
  }
  EXPECT_EQ(read["eval-set"]["rows"].size(), finished.rows.size());
}

TEST(HarnessResultsTest, TextsAreTheConversationsAndScoresTheExactFloats) {
  EvalRow row = PairWith("hep-go", "an id", 0.1F, -0.15173721F);
  row.comparison.prompt = {
      {"system", "s"}, {"user", "é\n\x7f\": "}, {"assistant", "a"}, {"user", "b"}};
  const std::string folder = TempPath("texts");
  ASSERT_OK(WriteHarnessResults(Finished({row}), folder).status());
  const Json read = ReadAsTheHarnessDoes(folder, "org/model")["eval-set"]["rows"][0];
  EXPECT_EQ(read["scores_chosen"].get<double>(), static_cast<double>(0.1F));
  EXPECT_EQ(read["scores_rejected"].get<double>(), static_cast<double>(-0.15173721F));
  EXPECT_EQ(read["id"], "an id");
  EXPECT_EQ(read["results"], 1);
  ASSERT_EQ(read["text_chosen"].size(), 5);
  EXPECT_EQ(read["text_chosen"][0]["role"], "system");
  EXPECT_EQ(read["text_chosen"][1]["content"], "é\n\x7f\": ");
  EXPECT_EQ(read["text_chosen"][4]["content"], "c0");
  EXPECT_EQ(read["text_rejected"][4]["content"], "r0");
}

TEST(HarnessResultsTest, PriorSetsHaveFilesOfTheirOwn) {
  std::vector<EvalRow> rows = RewardBenchRows();
  const size_t core = rows.size();
  for (const char* subset : {"shp", "anthropic_hhh", "mtbench_human"}) {
    rows.push_back(PairWith(subset, 0, 1, 0));
    rows.push_back(PairWith(subset, 1, 0, 1));
  }
  const std::string folder = TempPath("prior");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> paths,
                       WriteHarnessResults(Finished(rows), folder));
  EXPECT_EQ(paths.size(), 4);
  const Json read = ReadAsTheHarnessDoes(folder, "org/model");
  EXPECT_EQ(read["eval-set"]["rows"].size(), core);
  EXPECT_EQ(read["pref-sets"]["rows"].size(), 6);
  EXPECT_EQ(read["pref-sets"]["subsets"].size(), 3);
  EXPECT_EQ(read["pref-sets"]["subsets"]["mtbench_human"], 0.5);
}

TEST(HarnessResultsTest, RewardBench2sRowsAreListsAndTiesHasItsOwnScore) {
  const auto wrong = [](float score) { return std::vector<Score>(3, ScoreOf(score)); };
  const FinishedRun finished = Finished({
      RowWith("Math", "a", {ScoreOf(2)}, wrong(1)),
      RowWith("Math", "b", {ScoreOf(2)}, {ScoreOf(2), ScoreOf(1), ScoreOf(0)}),
      RowWith("Math", "c", {ScoreOf(1)}, wrong(2)),
      RowWith("Ties", "ref:0", {ScoreOf(3)}, wrong(1)),
      RowWith("Ties", "tied:0", {ScoreOf(2.5F), ScoreOf(3)}, wrong(1)),
  });
  const std::string folder = TempPath("second");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> paths, WriteHarnessResults(finished, folder));
  EXPECT_EQ(paths.size(), 2);
  const Json read = ReadAsTheHarnessDoes(folder, "org/model")["eval-set"];
  EXPECT_EQ(read["subsets"]["Math"], 0.5);
  const EvalSummary summary = Summarize(finished, {});
  EXPECT_EQ(read["subsets"]["Math"], summary.subsets[0].value());
  EXPECT_EQ(read["subsets"]["Ties"], summary.subsets[1].value());
  EXPECT_EQ(read["rows"][1]["results"], 0.5);
  EXPECT_EQ(read["rows"][4]["num_correct"], 2);
  EXPECT_EQ(read["rows"][4]["scores"], Json({2.5, 3.0, 1.0, 1.0, 1.0}));
  EXPECT_EQ(read["rows"][4]["results"], 0.0);  // Of the first correct response alone.
  EXPECT_EQ(read["rows"][4]["text"][1].back()["content"], "c1");
}

TEST(HarnessResultsTest, ATieIsALossAsThere) {
  ASSERT_OK_AND_ASSIGN(const std::vector<HarnessFile> files,
                       HarnessFiles(Finished({PairWith("hep-go", 1, 1, 1)})));
  EXPECT_EQ(Json::parse(files[0].content)["hep-go"], 0);
}

TEST(HarnessResultsTest, AModelWithoutAnOrganisationIsLocal) {
  ASSERT_OK_AND_ASSIGN(const std::vector<HarnessFile> files,
                       HarnessFiles(Finished({PairWith("hep-go", 1, 1, 0)}, "armorm-mini")));
  EXPECT_EQ(files[0].path, "eval-set/local/armorm-mini.json");
  EXPECT_EQ(Json::parse(files[0].content)["model"], "local/armorm-mini");
}

TEST(HarnessResultsTest, AModelsNameCannotLeaveTheFolder) {
  for (const char* name : {"", "/", "a/", "/a", "../a", "a/..", "a/b/c", "./a", "a\\b", "a\nb"}) {
    EXPECT_THAT(HarnessFiles(Finished({PairWith("hep-go", 1, 1, 0)}, name)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ORGANISATION/NAME")))
        << name;
  }
}

TEST(HarnessResultsTest, ARunWithAnErrorHasNoFilesAndOldOnesStay) {
  const std::string folder = TempPath("errors");
  ASSERT_OK(WriteHarnessResults(Finished({PairWith("hep-go", 1, 1, 0)}), folder).status());
  const std::string before = ReadFile(folder + "/eval-set/org/model.json");
  EXPECT_THAT(
      WriteHarnessResults(Finished({PairWith("hep-go", 1, 0, 1), ErrorRow("hep-go", 7)}), folder),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("subset \"hep-go\", id 7"), HasSubstr("score them again"))));
  EXPECT_EQ(ReadFile(folder + "/eval-set/org/model.json"), before);
}

TEST(HarnessResultsTest, WhatTheScriptsDoNotKnowIsRefused) {
  const EvalRow good = PairWith("hep-go", 1, 1, 0);
  EXPECT_THAT(HarnessFiles(Finished({})), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(HarnessFiles(Finished({good, PairWith("own", 2, 1, 0)})),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("\"own\"")));
  EXPECT_THAT(HarnessFiles(Finished({good, RowWith("Math", 1, {ScoreOf(1)}, {ScoreOf(0)})})),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("two runs")));
  EXPECT_THAT(
      HarnessFiles(Finished({good, RowWith("hep-go", 2, {ScoreOf(1)}, {ScoreOf(0), ScoreOf(2)})})),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("id 2"), HasSubstr("one response each"))));
  EXPECT_THAT(HarnessFiles(Finished({RowWith("Ties", "x", {ScoreOf(1)}, {ScoreOf(0)})})),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(HarnessResultsTest, AFolderThatCannotBeMadeIsNamed) {
  const std::string file = TempFile("in_the_way", "x");
  const absl::Status status =
      WriteHarnessResults(Finished({PairWith("hep-go", 1, 1, 0)}), file).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  EXPECT_EQ(ReadFile(file), "x");
}

TEST(HarnessResultsTest, NothingButTheFilesIsLeft) {
  const std::string folder = TempPath("clean");
  ASSERT_OK(WriteHarnessResults(Finished(RewardBenchRows()), folder).status());
  ASSERT_OK(WriteHarnessResults(Finished(RewardBenchRows()), folder).status());
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 2);
}

}  // namespace
}  // namespace assay::client
