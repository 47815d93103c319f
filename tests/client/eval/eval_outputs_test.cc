#include "client/eval/eval_outputs.h"

#include <filesystem>

#include "tests/client/eval/eval_rows.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::ReadFile;
using ::assay::testing::RunOf;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EvalOutputsTest, ABenchmarksRowsHaveTheFilesOfItsScriptsUnderTheNameAskedFor) {
  const FinishedRun finished = {.run = RunOf(), .rows = {PairWith("hep-go", 1, 1, 0)}};
  const std::string folder = TempPath("named/deeper");
  ASSERT_OK_AND_ASSIGN(const auto remarks,
                       WriteEvalOutputs(finished, Summarize(finished, {}),
                                        {.folder = folder, .model_name = "org/name"}));
  EXPECT_THAT(remarks, IsEmpty());
  EXPECT_THAT(ReadFile(folder + "/eval-set/org/name.json"), HasSubstr("\"hep-go\": 1.0"));
  EXPECT_EQ(Json::parse(ReadFile(folder + "/summary.json"))["model"]["name"], "m");
  EXPECT_FALSE(std::filesystem::exists(folder + "/rows.jsonl"));
}

TEST(EvalOutputsTest, OtherRowsHaveNone) {
  const FinishedRun finished = {.run = RunOf(), .rows = {PairWith("mine", 1, 1, 0)}};
  const std::string folder = TempPath("mine");
  ASSERT_OK_AND_ASSIGN(const auto remarks, WriteEvalOutputs(finished, Summarize(finished, {}),
                                                            {.folder = folder}));
  EXPECT_THAT(remarks, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder + "/eval-set"));
}

TEST(EvalOutputsTest, ARunWithErrorsHasNoneAndThatIsRemarked) {
  const FinishedRun finished = {.run = RunOf(),
                                .rows = {PairWith("hep-go", 1, 1, 0), ErrorRow("hep-go", 2)}};
  ASSERT_OK_AND_ASSIGN(const auto remarks,
                       WriteEvalOutputs(finished, Summarize(finished, {}),
                                        {.folder = TempPath("errors")}));
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("no files for RewardBench's scripts")));
}

TEST(EvalOutputsTest, RowsAreWrittenWhereTheyAreAskedForAndReadBack) {
  const FinishedRun finished = {.run = RunOf(), .rows = {PairWith("s", 1, 1, 0.1F)}};
  const std::string folder = TempPath("rows");
  ASSERT_OK(WriteEvalOutputs(finished, Summarize(finished, {}),
                             {.folder = folder, .writes_rows = true})
                .status());
  ASSERT_OK_AND_ASSIGN(const FinishedRun back, ReadRun(folder));
  EXPECT_EQ(back.rows[0].rejected[0].score, 0.1F);
}

TEST(EvalOutputsTest, WhatCannotBeWrittenIsNamed) {
  const FinishedRun finished = {.run = RunOf(), .rows = {PairWith("s", 1, 1, 0)}};
  const std::string file = TempFile("file", "");
  EXPECT_THAT(WriteEvalOutputs(finished, Summarize(finished, {}), {.folder = file + "/below"})
                  .status()
                  .ToString(),
              HasSubstr("summary.json"));
  EXPECT_THAT(WriteEvalOutputs(finished, Summarize(finished, {}), {.report = file + "/r.html"})
                  .status()
                  .ToString(),
              HasSubstr("r.html"));
}

}  // namespace
}  // namespace assay::client
