#include "client/pair_dataset.h"

#include <string>

#include "absl/strings/match.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGood = "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}\n";

TEST(PairDatasetTest, ReadsTextAndListPromptsWithTheirStoredRoles) {
  const std::string path = TempFile(
      "pairs.jsonl", R"({"prompt": "hi", "chosen": "c1", "rejected": "r1", "id": "x", "subset": "s"}
{"prompt": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "u"}], "chosen": "", "rejected": "ü", "id": 7}
)");
  ASSERT_OK_AND_ASSIGN(const auto pairs, ReadPairs(path, 0));
  ASSERT_EQ(pairs.size(), 2);
  EXPECT_EQ(pairs[0].id, Json("x"));
  EXPECT_EQ(pairs[0].subset, "s");
  EXPECT_EQ(pairs[0].prompt[0].role, "user");
  EXPECT_EQ(pairs[1].id, Json(7));
  EXPECT_EQ(pairs[1].prompt[0].role, "assistant");
  EXPECT_EQ(pairs[1].chosen, "");
  EXPECT_EQ(pairs[1].rejected, "\xC3\xBC");
}

TEST(PairDatasetTest, ARowWithoutSubsetAndIdTakesTheFilesStemAndItsLine) {
  ASSERT_OK_AND_ASSIGN(const auto pairs,
                       ReadPairs(TempFile("my.set.jsonl.gz", absl::StrCat("\n", kGood)), 0));
  EXPECT_TRUE(absl::EndsWith(pairs[0].subset, "_my.set")) << pairs[0].subset;
  EXPECT_EQ(pairs[0].subset.find('/'), std::string::npos);
  EXPECT_EQ(pairs[0].id, Json(2));
}

TEST(PairDatasetTest, OneBadRowRefusesTheFileByLineAndFieldWithoutItsText) {
  const struct {
    const char* row;
    const char* what;
  } kBad[] = {
      {R"({"prompt": "secret", "chosen": "c"})", "\"rejected\" is missing"},
      {R"({"prompt": "secret", "chosen": ["c"], "rejected": "r"})", "\"chosen\" is not text"},
      {R"({"chosen": "c", "rejected": "r"})", "\"prompt\" is missing"},
      {R"({"prompt": [{"role": "assistant", "content": "secret"}], "chosen": "c", "rejected": "r"})",
       "\"prompt\" does not end with a user turn"},
      {R"({"prompt": "p", "chosen": "c", "rejected": "r", "subset": 3})", "\"subset\" is not text"},
      {R"({"prompt": "p", "chosen": "c", "rejected": "r", "subset": ""})", "\"subset\" is empty"},
      {R"({"prompt": "p", "chosen": "c", "rejected": "r", "id": 1.5})", "\"id\""},
      {R"({"prompt": "p", "chosen": "c", "rejected": "r")", "not JSON"},
      {R"("secret")", "not a JSON object"},
  };
  for (const auto& bad : kBad) {
    const std::string path = TempFile("bad.jsonl", absl::StrCat(kGood, "\n", bad.row, "\n", kGood));
    EXPECT_THAT(ReadPairs(path, 0), StatusIs(absl::StatusCode::kInvalidArgument,
                                             AllOf(HasSubstr(path), HasSubstr("line 3"),
                                                   HasSubstr(bad.what), Not(HasSubstr("secret")))))
        << bad.row;
  }
}

TEST(PairDatasetTest, TheLimitCountsPairs) {
  const std::string path = TempFile("limit.jsonl", absl::StrCat(kGood, "\n\n", kGood, kGood));
  ASSERT_OK_AND_ASSIGN(const auto two, ReadPairs(path, 2));
  EXPECT_EQ(two.size(), 2);
  ASSERT_OK_AND_ASSIGN(const auto all, ReadPairs(path, 0));
  EXPECT_EQ(all.size(), 3);
}

TEST(PairDatasetTest, AFileWithoutAPairOrThatIsMissingIsRefusedByName) {
  EXPECT_THAT(ReadPairs(TempFile("empty.jsonl", "\n\n"), 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty.jsonl")));
  EXPECT_THAT(ReadPairs("/no/such/file.jsonl", 0),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file.jsonl")));
}

TEST(PairDatasetTest, TheBundledFilesAreGoodToTheLastRow) {
  const struct {
    const char* name;
    int pairs;
  } kBundled[] = {{"helpful_base", 200}, {"anthropic_hhh", 221}, {"llmbar", 419}, {"hep", 984}};
  for (const auto& file : kBundled) {
    ASSERT_OK_AND_ASSIGN(
        const auto pairs,
        ReadPairs(absl::StrCat(ASSAY_SOURCE_DIR, "/data/", file.name, ".jsonl.gz"), 0));
    EXPECT_EQ(pairs.size(), file.pairs) << file.name;
  }
}

}  // namespace
}  // namespace assay::client
