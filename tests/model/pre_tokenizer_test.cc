#include "model/pre_tokenizer.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

std::vector<std::string> PiecesOf(const Json& config, absl::string_view text) {
  const PreTokenizer pre_tokenizer = PreTokenizer::Create(&config).value();
  Pieces pieces;
  EXPECT_OK(pre_tokenizer.Split(text, &pieces));
  return {pieces.views.begin(), pieces.views.end()};
}

Json SplitJson(const std::string& behavior, bool invert, const std::string& regex = "-") {
  return {{"type", "Split"},
          {"pattern", {{"Regex", regex}}},
          {"behavior", behavior},
          {"invert", invert}};
}

Json ByteLevelJson(bool add_prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json SequenceJson(const std::vector<Json>& parts) {
  return {{"type", "Sequence"}, {"pretokenizers", parts}};
}

// The expected pieces are those that the tokenizers library gives.
TEST(PreTokenizerTest, EachBehaviorTreatsMatchesInItsWay) {
  const std::string text = "the-final--countdown-";
  EXPECT_THAT(PiecesOf(SplitJson("Isolated", false), text),
              ElementsAre("the", "-", "final", "-", "-", "countdown", "-"));
  EXPECT_THAT(PiecesOf(SplitJson("Removed", false), text),
              ElementsAre("the", "final", "countdown"));
  EXPECT_THAT(PiecesOf(SplitJson("MergedWithPrevious", false), text),
              ElementsAre("the-", "final-", "-", "countdown-"));
  EXPECT_THAT(PiecesOf(SplitJson("MergedWithNext", false), text),
              ElementsAre("the", "-final", "-", "-countdown", "-"));
  EXPECT_THAT(PiecesOf(SplitJson("Contiguous", false), text),
              ElementsAre("the", "-", "final", "--", "countdown", "-"));
}

TEST(PreTokenizerTest, InvertSwapsWhatIsMatched) {
  const std::string text = "ab--cd";
  EXPECT_THAT(PiecesOf(SplitJson("Removed", true), text), ElementsAre("-", "-"));
  EXPECT_THAT(PiecesOf(SplitJson("MergedWithNext", true), text), ElementsAre("ab-", "-", "cd"));
  EXPECT_THAT(PiecesOf(SplitJson("Contiguous", true), text), ElementsAre("ab", "--", "cd"));
}

TEST(PreTokenizerTest, AStringPatternIsLiteral) {
  const Json config = {{"type", "Split"},
                       {"pattern", {{"String", "."}}},
                       {"behavior", "Isolated"},
                       {"invert", false}};
  EXPECT_THAT(PiecesOf(config, "a.b"), ElementsAre("a", ".", "b"));
}

TEST(PreTokenizerTest, DigitsAreRunsOrSingle) {
  const std::string text = "a12b½٣c";
  EXPECT_THAT(PiecesOf({{"type", "Digits"}, {"individual_digits", true}}, text),
              ElementsAre("a", "1", "2", "b", "½", "٣", "c"));
  EXPECT_THAT(PiecesOf({{"type", "Digits"}, {"individual_digits", false}}, text),
              ElementsAre("a", "12", "b", "½٣", "c"));
}

TEST(PreTokenizerTest, ByteLevelSplitsAsGpt2Did) {
  EXPECT_THAT(PiecesOf(ByteLevelJson(false, true), "I'm  42 ok?!\n\n x"),
              ElementsAre("I", "'m", " ", " 42", " ok", "?!", "\n\n", " x"));
  EXPECT_THAT(PiecesOf(ByteLevelJson(false, false), "a b"), ElementsAre("a b"));
}

TEST(PreTokenizerTest, APrefixSpaceGoesToEachPieceThatLacksOne) {
  EXPECT_THAT(PiecesOf(ByteLevelJson(true, true), "a b"), ElementsAre(" a", " b"));
  EXPECT_THAT(PiecesOf(ByteLevelJson(true, true), " a"), ElementsAre(" a"));
  EXPECT_THAT(
      PiecesOf(SequenceJson({SplitJson("Isolated", false), ByteLevelJson(true, false)}), "a-b"),
      ElementsAre(" a", " -", " b"));
}

TEST(PreTokenizerTest, StepsOfASequenceFollowEachOther) {
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  EXPECT_THAT(
      PiecesOf(SequenceJson({digits, SequenceJson({ByteLevelJson(false, true)})}), "a 12 b"),
      ElementsAre("a", " ", "1", "2", " b"));
}

TEST(PreTokenizerTest, WithoutStepsATextIsOnePieceAndAnEmptyTextNone) {
  const PreTokenizer none = PreTokenizer::Create(nullptr).value();
  EXPECT_FALSE(none.is_byte_level());
  Pieces pieces;
  ASSERT_OK(none.Split("a b", &pieces));
  EXPECT_THAT(pieces.views, ElementsAre("a b"));
  ASSERT_OK(none.Split("", &pieces));
  EXPECT_TRUE(pieces.views.empty());
  EXPECT_TRUE(PiecesOf(ByteLevelJson(true, true), "").empty());
}

TEST(PreTokenizerTest, OnlyRemovingLosesText) {
  const std::string text = "Ünï-cödé -- 12-34 \u3000-\n-x'll";
  for (const char* behavior : {"Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}) {
    for (const bool invert : {false, true}) {
      const auto pieces = PiecesOf(SplitJson(behavior, invert), text);
      EXPECT_EQ(absl::StrJoin(pieces, ""), text) << behavior;
      for (const std::string& piece : pieces) EXPECT_FALSE(piece.empty());
    }
  }
}

TEST(PreTokenizerTest, UnknownPartsAreUnimplementedByName) {
  const auto create = [](const Json& config) { return PreTokenizer::Create(&config).status(); };
  EXPECT_THAT(create({{"type", "Metaspace"}}), StatusIs(kUnimplemented, HasSubstr("Metaspace")));
  EXPECT_THAT(create(SplitJson("Sideways", false)),
              StatusIs(kUnimplemented, HasSubstr("Sideways")));
  EXPECT_THAT(create(SplitJson("Isolated", false, R"(\w+)")),
              StatusIs(kUnimplemented, HasSubstr(R"(\w)")));
  EXPECT_THAT(create(SequenceJson({ByteLevelJson(false, true), SplitJson("Isolated", false)})),
              StatusIs(kUnimplemented, HasSubstr("after ByteLevel")));
  Json deep = ByteLevelJson(false, true);
  for (int i = 0; i < 9; ++i) deep = SequenceJson({deep});
  EXPECT_THAT(create(deep), StatusIs(kUnimplemented, HasSubstr("deep")));
}

TEST(PreTokenizerTest, MissingOrWrongKeysAreDataLossByName) {
  const auto create = [](const Json& config) { return PreTokenizer::Create(&config).status(); };
  EXPECT_THAT(create("text"), StatusIs(kDataLoss, HasSubstr("pre_tokenizer")));
  EXPECT_THAT(create(Json::object()), StatusIs(kDataLoss, HasSubstr("pre_tokenizer.type")));
  for (const char* key : {"pattern", "behavior", "invert"}) {
    Json config = SplitJson("Isolated", false);
    config.erase(key);
    EXPECT_THAT(create(config), StatusIs(kDataLoss, HasSubstr(key)));
    config[key] = 7;
    EXPECT_THAT(create(config), StatusIs(kDataLoss, HasSubstr(key)));
  }
  EXPECT_THAT(create({{"type", "Digits"}}), StatusIs(kDataLoss, HasSubstr("individual_digits")));
  EXPECT_THAT(create({{"type", "ByteLevel"}}), StatusIs(kDataLoss, HasSubstr("add_prefix_space")));
  EXPECT_THAT(create(SequenceJson({7})), StatusIs(kDataLoss, HasSubstr("pretokenizers[0]")));
}

}  // namespace
}  // namespace assay
