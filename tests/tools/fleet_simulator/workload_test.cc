#include "tools/fleet_simulator/workload.h"

#include <fstream>

#include "tests/testing/status_matchers.h"

namespace assay::fleet {
namespace {

using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FileOf(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/lengths_" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << text;
  return path;
}

TEST(WorkloadTest, ATableHasAPromptAndItsResponsesALine) {
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadLengths(FileOf("# comment\n12\t30\t4\n5\t6\n")));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].prompt_tokens, 12);
  EXPECT_THAT(rows[0].response_tokens, ElementsAre(30, 4));
}

TEST(WorkloadTest, ATableThatIsNoneIsRefusedByItsLine) {
  EXPECT_THAT(ReadLengths(FileOf("1\t2\n3\tx\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
  EXPECT_THAT(ReadLengths(FileOf("1\t2\n3\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
  EXPECT_THAT(ReadLengths(FileOf("# nothing\n")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadLengths("/nowhere"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(WorkloadTest, ASharedPromptIsComputedOnceAndAnUnsharedOneForEachResponse) {
  WorkloadOptions options = {.responses = 16, .prompt_tokens = 500, .response_tokens = 200};
  EXPECT_EQ(Workload(options, {}).Next().computed_tokens(), 3700);
  options.share_prompts = false;
  EXPECT_EQ(Workload(options, {}).Next().computed_tokens(), 11200);
}

TEST(WorkloadTest, LengthsComeFromTheTable) {
  Workload workload({.responses = 3}, {{100, {7, 8}}, {200, {9}}});
  double prompts = 0;
  for (int i = 0; i < 1000; ++i) {
    const GroupRequest request = workload.Next();
    prompts += static_cast<double>(request.prompt_tokens);
    ASSERT_EQ(request.response_tokens.size(), 3);
    for (const int64_t tokens : request.response_tokens) {
      EXPECT_TRUE(tokens >= 7 && tokens <= 9) << tokens;
    }
  }
  EXPECT_NEAR(prompts / 1000, 150, 10);
}

TEST(WorkloadTest, InOrderTheRowsComeAsTheyAreOverAndOver) {
  Workload workload({.responses = 9, .in_order = true}, {{100, {7, 8}}, {200, {9}}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(workload.Next().response_tokens, ElementsAre(7, 8));
    EXPECT_EQ(workload.Next().prompt_tokens, 200);
  }
}

}  // namespace
}  // namespace assay::fleet
