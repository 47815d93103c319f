#include "client/load_texts.h"

#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(LoadTextsTest, ARequestHasTheSizesAskedFor) {
  const ScoreRequest request =
      SyntheticRequest({.responses = 3, .prompt_bytes = 100, .response_bytes = 0}, 5);
  EXPECT_EQ(request.prompt[0].role, "user");
  EXPECT_THAT(request.prompt[0].content, SizeIs(100));
  EXPECT_THAT(request.responses, SizeIs(3));
  EXPECT_THAT(request.responses[2], SizeIs(0));
}

TEST(LoadTextsTest, TheSeedAndTheIndexDecideTheTextAndNothingElse) {
  const auto text = [](uint64_t seed, int64_t index) {
    return SyntheticRequest({.seed = seed}, index).responses[0];
  };
  EXPECT_EQ(text(1, 7), text(1, 7));
  EXPECT_NE(text(1, 7), text(1, 8));
  EXPECT_NE(text(1, 7), text(2, 7));
}

TEST(LoadTextsTest, AFilesRowsAreRequests) {
  const std::string path = TempFile("load.jsonl", R"({"prompt": "p", "responses": ["a", "b"]}
{"prompt": "q", "chosen": "c", "rejected": "d"}
)");
  ASSERT_OK_AND_ASSIGN(const std::vector<ScoreRequest> rows, ReadLoadRows(path));
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].responses, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(rows[1].prompt[0].content, "q");
}

TEST(LoadTextsTest, ABadRowIsNamedByItsLine) {
  EXPECT_THAT(
      ReadLoadRows(TempFile("load_bad.jsonl", "{\"prompt\": \"p\", \"responses\": [\"a\"]}\n{}\n")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("load_bad.jsonl"), HasSubstr("line 2"))));
  EXPECT_THAT(ReadLoadRows(TempFile("load_empty.jsonl", "")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("holds no row")));
}

}  // namespace
}  // namespace assay::client
