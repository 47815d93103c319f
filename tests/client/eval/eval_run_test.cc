#include "client/eval/eval_run.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::PairWith;
using ::assay::testing::RunOf;
using ::assay::testing::StatusIs;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A folder that `assay eval` could have written.
std::string FolderOf(const std::string& name, const EvalRun& run,
                     const std::vector<EvalRow>& rows) {
  const std::string folder = TempPath(name);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/run.json") << EvalRunJson(run).dump(2);
  std::ofstream file(folder + "/rows.jsonl");
  for (const EvalRow& row : rows)
    file << DumpLine(EvalRowJson(row, run.objectives, std::nullopt)) << '\n';
  return folder;
}

std::vector<int> IdsOf(const FinishedRun& finished) {
  std::vector<int> ids;
  for (const EvalRow& row : finished.rows) ids.push_back(row.comparison.id.get<int>());
  return ids;
}

TEST(EvalRunTest, ARunIsReadBackAsItWas) {
  EvalRun run = RunOf(2);
  run.model.score_error = ScoreError{.margin = {.n = 3, .percentile_99 = 0.25}};
  run.truncation = Truncation::kKeepEnd;
  run.max_tokens = 77;
  run.shard = "1/3";
  ASSERT_OK_AND_ASSIGN(const EvalRun back, ParseEvalRun(EvalRunJson(run)));
  EXPECT_EQ(EvalRunJson(back), EvalRunJson(run));
  EXPECT_EQ(back.truncation, Truncation::kKeepEnd);
  EXPECT_EQ(back.model.score_error->margin.percentile_99, 0.25);
}

TEST(EvalRunTest, ARunWithAFieldMissingOrWrongIsRefusedByIt) {
  const Json good = EvalRunJson(RunOf(1));
  for (const auto& [key, value] : good.items()) {
    Json bad = good;
    bad.erase(key);
    EXPECT_THAT(ParseEvalRun(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(key)));
    bad[key] = Json::array({7});
    EXPECT_THAT(ParseEvalRun(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
  }
}

TEST(EvalRunTest, AFolderAndTheRowsInItAreTheSameRun) {
  const std::string folder = FolderOf("same", RunOf(), {PairWith("s", 1, 1, 0)});
  for (const std::string& path : {folder, folder + "/rows.jsonl"}) {
    ASSERT_OK_AND_ASSIGN(const FinishedRun finished, ReadRun(path));
    EXPECT_THAT(IdsOf(finished), ElementsAre(1));
    EXPECT_EQ(finished.run.model.name, "m");
  }
}

TEST(EvalRunTest, WhatIsNoRunIsRefusedByNameAndLine) {
  EXPECT_THAT(ReadRun("/no/such/folder"),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("/no/such/folder"), HasSubstr("assay eval --output"))));
  const std::string no_run = FolderOf("no_run", RunOf(), {PairWith("s", 1, 1, 0)});
  std::filesystem::remove(no_run + "/run.json");
  EXPECT_THAT(ReadRun(no_run), StatusIs(absl::StatusCode::kNotFound, HasSubstr("run.json")));
  const std::string empty = FolderOf("empty", RunOf(), {});
  EXPECT_THAT(ReadRun(empty),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("holds no row")));
  const std::string bad = FolderOf("bad", RunOf(), {PairWith("s", 1, 1, 0)});
  std::ofstream(bad + "/rows.jsonl", std::ios::app) << "{\"id\": 2}\n";
  EXPECT_THAT(ReadRun(bad), StatusIs(absl::StatusCode::kInvalidArgument,
                                     AllOf(HasSubstr("line 2"), HasSubstr("\"subset\""))));
}

TEST(EvalRunTest, ShardsJoinInTheirOrderWhateverTheirs) {
  EvalRun run = RunOf();
  std::vector<std::string> folders;
  for (int i = 0; i < 3; ++i) {
    run.shard = absl::StrCat(i, "/3");
    folders.push_back(FolderOf(absl::StrCat("shard", i), run,
                               {PairWith("s", 2 * i, 1, 0), PairWith("s", 2 * i + 1, 1, 0)}));
  }
  ASSERT_OK_AND_ASSIGN(const FinishedRun joined, ReadRuns({folders[2], folders[0], folders[1]}));
  EXPECT_THAT(IdsOf(joined), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(joined.run.shard, "");
  EXPECT_THAT(joined.run.data, ElementsAre("a.jsonl"));
  EXPECT_THAT(ReadRuns({folders[0], folders[2]}),
              StatusIs(absl::StatusCode::kInvalidArgument, "shard 1/3 is missing"));
  EXPECT_THAT(ReadRuns({folders[0], folders[0]}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has the same rows")));
  run.shard = "1/2";
  const std::string other = FolderOf("other_count", run, {PairWith("s", 9, 1, 0)});
  EXPECT_THAT(ReadRuns({folders[0], other}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("number of shards")));
  ASSERT_OK_AND_ASSIGN(const FinishedRun alone, ReadRuns({folders[1]}));
  EXPECT_EQ(alone.run.shard, "1/3");
}

TEST(EvalRunTest, RunsOverDifferentDataJoinInTheOrderGiven) {
  EvalRun run = RunOf();
  run.data = {"b.jsonl"};
  const std::string first = FolderOf("first", RunOf(), {PairWith("s", 1, 1, 0)});
  const std::string second = FolderOf("second", run, {PairWith("t", 2, 1, 0)});
  ASSERT_OK_AND_ASSIGN(const FinishedRun joined, ReadRuns({second, first}));
  EXPECT_THAT(IdsOf(joined), ElementsAre(2, 1));
  EXPECT_THAT(joined.run.data, ElementsAre("b.jsonl", "a.jsonl"));
}

TEST(EvalRunTest, ShardsOfServersWithMoreDevicesJoinAndWithOthersDoNot) {
  EvalRun run = RunOf();
  run.model.devices = {"cuda:0"};
  run.shard = "0/2";
  const std::string first = FolderOf("one_device", run, {PairWith("s", 1, 1, 0)});
  run.model.devices = {"cuda:0", "cuda:1"};
  run.shard = "1/2";
  const std::string second = FolderOf("two_devices", run, {PairWith("s", 2, 1, 0)});
  ASSERT_OK_AND_ASSIGN(const FinishedRun joined, ReadRuns({first, second}));
  EXPECT_THAT(IdsOf(joined), ElementsAre(1, 2));
  run.model.devices = {"cpu"};
  const std::string other = FolderOf("other_device", run, {PairWith("s", 2, 1, 0)});
  EXPECT_THAT(ReadRuns({first, other}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/model/devices")));
}

TEST(EvalRunTest, RunsOfDifferentKindsAreNotJoinedAndTheFieldIsNamed) {
  EvalRun other = RunOf();
  other.model.revision = "another";
  other.data = {"b.jsonl"};
  const std::string first = FolderOf("kind", RunOf(), {PairWith("s", 1, 1, 0)});
  const std::string second = FolderOf("another_kind", other, {PairWith("s", 2, 1, 0)});
  EXPECT_THAT(ReadRuns({first, second}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(second), HasSubstr("/model/revision"))));
}

}  // namespace
}  // namespace assay::client
