#include "client/shard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ShardTest, ANumberOfANumberIsAShard) {
  ASSERT_OK_AND_ASSIGN(const Shard shard, ParseShard("2/5", nullptr));
  EXPECT_EQ(shard.index, 2);
  EXPECT_EQ(shard.count, 5);
  EXPECT_EQ(ShardText(shard), "2/5");
}

TEST(ShardTest, AutoTakesTheNumberOfTheJobsPod) {
  ASSERT_OK_AND_ASSIGN(const Shard shard, ParseShard("auto/5", "3"));
  EXPECT_EQ(ShardText(shard), "3/5");
}

TEST(ShardTest, AutoOutsideAJobSaysWhichVariableIsMissing) {
  EXPECT_THAT(ParseShard("auto/5", nullptr),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("JOB_COMPLETION_INDEX"), HasSubstr("Indexed Job"))));
}

TEST(ShardTest, AJobOfMorePodsThanShardsIsRefused) {
  for (const char* index : {"5", "-1", "", "x"}) {
    EXPECT_THAT(ParseShard("auto/5", index),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("JOB_COMPLETION_INDEX is")));
  }
}

TEST(ShardTest, OtherTextsAreNoShards) {
  for (const char* text : {"", "3", "5/5", "-1/5", "1/0", "1/-5", "1/2/3", "/5", "1/", "a/b",
                           "+1/5", " 1/5", "1/99999999999999999999"}) {
    EXPECT_THAT(ParseShard(text, "0"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("I/N")))
        << text;
  }
}

TEST(ShardTest, ShardsTakeEachRowOnceAndAreAlikeInSize) {
  for (int64_t total = 0; total < 40; ++total) {
    for (int64_t count = 1; count < 12; ++count) {
      int64_t next = 0;
      int64_t least = total;
      int64_t most = 0;
      for (int64_t index = 0; index < count; ++index) {
        const RowRange rows = RowsOf({.index = index, .count = count}, total);
        EXPECT_EQ(rows.begin, next);
        next = rows.end;
        least = std::min(least, rows.size());
        most = std::max(most, rows.size());
      }
      EXPECT_EQ(next, total);
      EXPECT_LE(most - least, 1);
    }
  }
}

TEST(ShardTest, TheLargestNumbersDoNotOverflow) {
  const int64_t total = int64_t{1} << 60;
  EXPECT_EQ(RowsOf({.index = 999'999'999, .count = 1'000'000'000}, total).end, total);
}

TEST(ShardTest, PathsOfShardsSortInTheOrderOfTheirRows) {
  std::vector<std::string> paths;
  for (int64_t index = 0; index < 101; ++index) {
    paths.push_back(PathOfShard("out-{shard}.jsonl", {.index = index, .count = 101}));
  }
  EXPECT_EQ(paths[7], "out-007.jsonl");
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  EXPECT_EQ(PathOfShard("{shard}/{shard}", {.index = 9, .count = 10}), "9/9");
  EXPECT_TRUE(NamesShard("out-{shard}.jsonl"));
  EXPECT_FALSE(NamesShard("out.jsonl"));
}

}  // namespace
}  // namespace assay::client
