#include "client/eval/comparison_set.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGood = "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}\n";

TEST(ComparisonSetTest, ReadsTextAndListPromptsWithTheirStoredRoles) {
  const std::string path = TempFile(
      "pairs.jsonl", R"({"prompt": "hi", "chosen": "c1", "rejected": "r1", "id": "x", "subset": "s"}
{"prompt": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "u"}], "chosen": "", "rejected": "ü", "id": 7}
)");
  ASSERT_OK_AND_ASSIGN(const auto pairs, ReadComparisons(path));
  ASSERT_EQ(pairs.size(), 2);
  EXPECT_EQ(pairs[0].id, Json("x"));
  EXPECT_EQ(pairs[0].subset, "s");
  EXPECT_EQ(pairs[0].prompt[0].role, "user");
  EXPECT_EQ(pairs[1].id, Json(7));
  EXPECT_EQ(pairs[1].prompt[0].role, "assistant");
  EXPECT_EQ(pairs[1].chosen, std::vector<std::string>{""});
  EXPECT_EQ(pairs[1].rejected, std::vector<std::string>{"\xC3\xBC"});
}

TEST(ComparisonSetTest, ARowWithoutSubsetAndIdTakesTheFilesStemAndItsLine) {
  ASSERT_OK_AND_ASSIGN(const auto pairs,
                       ReadComparisons(TempFile("my.set.jsonl.gz", absl::StrCat("\n", kGood))));
  EXPECT_EQ(pairs[0].subset, "my.set");
  EXPECT_EQ(pairs[0].id, Json(2));
}

TEST(ComparisonSetTest, OneBadRowRefusesTheFileByLineAndFieldWithoutItsText) {
  const struct {
    const char* row;
    const char* what;
  } kBad[] = {
      {R"({"prompt": "secret", "chosen": "c"})", "\"rejected\" is missing"},
      {R"({"prompt": "secret", "chosen": ["c", 3], "rejected": "r"})", "\"chosen[1]\" is not text"},
      {R"({"prompt": "secret", "chosen": [], "rejected": "r"})", "\"chosen\" is neither text, nor"},
      {R"({"prompt": "secret", "chosen": 3, "rejected": "r"})", "\"chosen\" is neither text, nor"},
      {R"({"prompt": "secret", "chosen": [{"role": "user", "content": "secret"}], "rejected": "r"})",
       "\"chosen\" beside a \"prompt\" is not one assistant message"},
      {R"({"chosen": "c", "rejected": "r"})", "\"prompt\" is missing"},
      {R"({"chosen": [{"role": "assistant", "content": "secret"}], "rejected": "r"})",
       "\"chosen\" is not a conversation that ends with an assistant turn"},
      {R"({"chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}], "rejected": [{"role": "user", "content": "secret"}, {"role": "assistant", "content": "r"}]})",
       "\"rejected\" does not begin with the turns that \"chosen\" begins with"},
      {R"({"prompt": "secret", "chosen": ["c"], "rejected": ["r"], "num_correct": 2})",
       "\"num_correct\" is not the number of texts in \"chosen\""},
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
    EXPECT_THAT(ReadComparisons(path),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(path), HasSubstr("line 3"), HasSubstr(bad.what),
                               Not(HasSubstr("secret")))))
        << bad.row;
  }
}

TEST(ComparisonSetTest, ListsOfTextsAreSeveralResponsesAndMessagesAreOne) {
  const std::string path = TempFile(
      "lists.jsonl",
      R"({"prompt": "p", "chosen": ["a", "b"], "rejected": ["c", "d", "e"], "num_correct": 2}
{"prompt": [{"role": "user", "content": "p"}], "chosen": [{"role": "assistant", "content": "a"}], "rejected": "r"}
)");
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadComparisons(path));
  EXPECT_THAT(rows[0].chosen, ElementsAre("a", "b"));
  EXPECT_THAT(rows[0].rejected, ElementsAre("c", "d", "e"));
  EXPECT_THAT(rows[1].chosen, ElementsAre("a"));
  EXPECT_THAT(rows[1].rejected, ElementsAre("r"));
}

TEST(ComparisonSetTest, WholeConversationsAreSplitBeforeTheirLastTurn) {
  const std::string path = TempFile(
      "conversations.jsonl",
      R"({"chosen": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "a"}], "rejected": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "b"}]})");
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadComparisons(path));
  ASSERT_EQ(rows[0].prompt.size(), 1);
  EXPECT_EQ(rows[0].prompt[0].content, "p");
  EXPECT_THAT(rows[0].chosen, ElementsAre("a"));
  EXPECT_THAT(rows[0].rejected, ElementsAre("b"));
}

TEST(ComparisonSetTest, AnotherFieldMayNameTheSubset) {
  const std::string path = TempFile(
      "domain.jsonl",
      R"({"prompt": "p", "chosen": "c", "rejected": "r", "domain": "math", "subset": "no"})");
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadComparisons(path, {.subset_field = "domain"}));
  EXPECT_EQ(rows[0].subset, "math");
}

TEST(ComparisonSetTest, APriorSetsSubsetIsItsSplitWhateverItsRowsSay) {
  const std::string folder = TempPath("prior");
  std::filesystem::create_directories(folder);
  for (const char* name : {"shp-00000-of-00001.jsonl", "shp.jsonl"}) {
    const std::string path = absl::StrCat(folder, "/", name);
    std::ofstream(path) << R"({"prompt": "p", "chosen": "c", "rejected": "r", "subset": "no"})";
    ASSERT_OK_AND_ASSIGN(const auto rows, ReadComparisons(path, {.is_prior_set = true}));
    EXPECT_EQ(rows[0].subset, "shp") << name;
  }
}

TEST(ComparisonSetTest, ParquetAndOneArrayAreNamedAndTheirConverterToo) {
  EXPECT_THAT(ReadComparisons(TempFile("x.parquet", "PAR1....PAR1")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("is a Parquet file"), HasSubstr("tools/to_jsonl.py"))));
  EXPECT_THAT(ReadComparisons(TempFile("x.json", "[{}]")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("is one JSON array"), HasSubstr("tools/to_jsonl.py"))));
}

TEST(ComparisonSetTest, TheLimitCountsRows) {
  const std::string path = TempFile("limit.jsonl", absl::StrCat(kGood, "\n\n", kGood, kGood));
  ASSERT_OK_AND_ASSIGN(const auto two, ReadComparisons(path, {.limit = 2}));
  EXPECT_EQ(two.size(), 2);
  ASSERT_OK_AND_ASSIGN(const auto all, ReadComparisons(path));
  EXPECT_EQ(all.size(), 3);
}

TEST(ComparisonSetTest, AFileWithoutARowOrThatIsMissingIsRefusedByName) {
  EXPECT_THAT(ReadComparisons(TempFile("empty.jsonl", "\n\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty.jsonl")));
  EXPECT_THAT(ReadComparisons("/no/such/file.jsonl"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file.jsonl")));
}

TEST(ComparisonSetTest, TheBundledFilesAreGoodToTheLastRow) {
  const struct {
    const char* name;
    int pairs;
  } kBundled[] = {{"helpful_base", 200}, {"anthropic_hhh", 221}, {"llmbar", 419}, {"hep", 984}};
  for (const auto& file : kBundled) {
    ASSERT_OK_AND_ASSIGN(const auto pairs, ReadComparisons(absl::StrCat(ASSAY_SOURCE_DIR, "/data/",
                                                                        file.name, ".jsonl.gz")));
    EXPECT_EQ(pairs.size(), file.pairs) << file.name;
  }
}

TEST(ComparisonSetTest, TheFingerprintTellsAnyChangeAndOnlyThat) {
  const std::vector<Comparison> good = {
      {.id = 1, .subset = "s", .prompt = {{"user", "p"}}, .chosen = {"ab"}, .rejected = {"c", "d"}},
      {.id = 2, .subset = "s", .prompt = {{"user", "p"}}, .chosen = {"a"}, .rejected = {"c"}}};
  std::set<std::string> seen = {Fingerprint(good)};
  EXPECT_EQ(Fingerprint(good), Fingerprint(std::vector<Comparison>(good)));
  EXPECT_EQ(Fingerprint(good).size(), 16);
  std::vector<std::vector<Comparison>> changed(9, good);
  changed[0][0].id = "1";
  changed[1][0].subset = "t";
  changed[2][0].prompt[0].role = "system";
  changed[3][0].prompt[0].content = "q";
  changed[4][0].chosen = {"a", "b"};
  changed[5][0].rejected = {"cd"};
  changed[6].pop_back();
  std::swap(changed[7][0], changed[7][1]);
  std::swap(changed[8][0].chosen, changed[8][0].rejected);
  for (const auto& comparisons : changed) EXPECT_TRUE(seen.insert(Fingerprint(comparisons)).second);
}

}  // namespace
}  // namespace assay::client
