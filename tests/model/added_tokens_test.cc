#include "model/added_tokens.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

Bpe SmallBpe() {
  const Json model = {
      {"type", "BPE"}, {"vocab", {{"a", 0}, {"<known>", 1}}}, {"merges", Json::array()}};
  return Bpe::Create(JsonFields::Of(model, "model").value(), Bpe::Symbols::kBytes).value();
}

Json Token(int id, const std::string& content, const std::vector<std::string>& flags = {}) {
  Json token = {{"id", id}, {"content", content}, {"special", true}};
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    token[flag] = std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
  return token;
}

AddedTokens Create(const std::vector<Json>& tokens) {
  const Json list = tokens;
  return AddedTokens::Create(&list, SmallBpe(), Normalizer()).value();
}

std::vector<std::pair<std::string, TokenId>> Split(const AddedTokens& added,
                                                   absl::string_view text) {
  std::vector<Segment> segments, within;
  added.Split(text, &segments);
  std::vector<std::pair<std::string, TokenId>> pairs;
  for (const Segment& segment : segments) {
    if (segment.added_id >= 0) {
      pairs.emplace_back(segment.text, segment.added_id);
      continue;
    }
    added.SplitNormalized(segment.text, &within);
    for (const Segment& part : within) pairs.emplace_back(part.text, part.added_id);
  }
  return pairs;
}

TEST(AddedTokensTest, TokensAreCutOutOfTheText) {
  const AddedTokens added = Create({Token(2, "<x>"), Token(3, "<y>")});
  EXPECT_THAT(Split(added, "a<x><y>b<x"),
              ElementsAre(Pair("a", -1), Pair("<x>", 2), Pair("<y>", 3), Pair("b<x", -1)));
  EXPECT_THAT(Split(added, ""), IsEmpty());
  EXPECT_THAT(Split(added, "plain"), ElementsAre(Pair("plain", -1)));
}

TEST(AddedTokensTest, WithoutASectionAllIsText) {
  const AddedTokens added = AddedTokens::Create(nullptr, SmallBpe(), Normalizer()).value();
  EXPECT_THAT(Split(added, "<x>"), ElementsAre(Pair("<x>", -1)));
}

TEST(AddedTokensTest, TheLeftmostWinsAndThenTheLongest) {
  const AddedTokens added = Create({Token(2, "ab"), Token(3, "abc"), Token(4, "bcde")});
  EXPECT_THAT(Split(added, "abcde"), ElementsAre(Pair("abc", 3), Pair("de", -1)));
  EXPECT_THAT(Split(added, "abd"), ElementsAre(Pair("ab", 2), Pair("d", -1)));
  EXPECT_THAT(Split(added, "xbcde"), ElementsAre(Pair("x", -1), Pair("bcde", 4)));
}

TEST(AddedTokensTest, ATokenOfTheVocabularyHasItsIdThere) {
  EXPECT_THAT(Split(Create({Token(1, "<known>")}), "<known>"), ElementsAre(Pair("<known>", 1)));
}

TEST(AddedTokensTest, StrippingTakesWhiteSpaceOfEveryKind) {
  EXPECT_THAT(Split(Create({Token(2, "<x>", {"lstrip"})}), "a \u3000\n<x> b"),
              ElementsAre(Pair("a", -1), Pair(" \u3000\n<x>", 2), Pair(" b", -1)));
  EXPECT_THAT(Split(Create({Token(2, "<x>", {"rstrip"})}), "a <x>\u0085 \tb"),
              ElementsAre(Pair("a ", -1), Pair("<x>\u0085 \t", 2), Pair("b", -1)));
}

TEST(AddedTokensTest, WhatOneTokenTookTheNextDoesNotTakeAgain) {
  const AddedTokens added = Create({Token(2, "<x>", {"lstrip", "rstrip"})});
  EXPECT_THAT(Split(added, "<x> <x>"), ElementsAre(Pair("<x> ", 2), Pair("<x>", 2)));
}

TEST(AddedTokensTest, ASingleWordTokenTouchesNoWordCharacter) {
  const AddedTokens added = Create({Token(2, "now", {"single_word"})});
  EXPECT_THAT(Split(added, "now! now"),
              ElementsAre(Pair("now", 2), Pair("! ", -1), Pair("now", 2)));
  for (const char* text : {"snow", "nowé", "now_", "中now", "now1", "now\u0301"}) {
    EXPECT_THAT(Split(added, text), ElementsAre(Pair(text, -1)));
  }
}

TEST(AddedTokensTest, NormalizedTokensAreFoundInWhatTheOthersLeft) {
  const AddedTokens added = Create({Token(2, "a<x", {"normalized"}), Token(3, "<x>")});
  // The first begins further left, but is looked for later.
  EXPECT_THAT(Split(added, "a<x>"), ElementsAre(Pair("a", -1), Pair("<x>", 3)));
  EXPECT_THAT(Split(added, "a<x <x>"), ElementsAre(Pair("a<x", 2), Pair(" ", -1), Pair("<x>", 3)));
}

TEST(AddedTokensTest, NormalizedTokensAreSearchedForInTheirNormalForm) {
  const Json section = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}};
  const Normalizer normalizer = Normalizer::Create(&section).value();
  const Json list = {Token(2, "a b", {"normalized"}), Token(3, "c d")};
  const AddedTokens added = AddedTokens::Create(&list, SmallBpe(), normalizer).value();
  EXPECT_THAT(Split(added, "a▁b c d"), ElementsAre(Pair("a▁b", 2), Pair(" ", -1), Pair("c d", 3)));
  EXPECT_THAT(Split(added, "a b c▁d"), ElementsAre(Pair("a b c▁d", -1)));
  EXPECT_EQ(added.Find("a b")->id, 2);
}

TEST(AddedTokensTest, NormalFormsThatCannotBeToldApartAreUnimplemented) {
  const Json section = {{"type", "Replace"}, {"pattern", {{"String", "x"}}}, {"content", ""}};
  const Normalizer normalizer = Normalizer::Create(&section).value();
  for (const Json& list : {Json{Token(2, "b", {"normalized"}), Token(3, "xb", {"normalized"})},
                           Json{Token(2, "b", {"normalized"}), Token(3, "xx", {"normalized"})}}) {
    EXPECT_THAT(AddedTokens::Create(&list, SmallBpe(), normalizer),
                StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("added_tokens[1].content")));
  }
}

TEST(AddedTokensTest, APlainTokenIsAHardBoundary) {
  const AddedTokens added = Create({Token(2, "<|a|>"), Token(3, "<|b|>"), Token(4, "[PAD]")});
  EXPECT_TRUE(added.IsHardBoundary("<|a|>"));
  EXPECT_FALSE(added.IsHardBoundary("<|c|>"));
}

TEST(AddedTokensTest, ATokenThatOthersCanReachIntoIsNoHardBoundary) {
  const char* boundary = "<|a|>";
  for (const Json& other : {Token(3, "x<|"), Token(3, "|>y"), Token(3, "<|a|>\n"),
                            Token(3, "x<|a|>"), Token(3, ">"), Token(3, "word", {"single_word"})}) {
    const AddedTokens added = Create({Token(2, boundary), other});
    EXPECT_EQ(added.IsHardBoundary(boundary), other["content"] == ">") << other;
  }
  EXPECT_FALSE(Create({Token(2, "aba")}).IsHardBoundary("aba"));
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    EXPECT_FALSE(Create({Token(2, boundary, {flag})}).IsHardBoundary(boundary)) << flag;
  }
}

TEST(AddedTokensTest, AHardBoundaryCutsTheSameSegmentsApart) {
  const AddedTokens added =
      Create({Token(2, "<|a|>"), Token(3, "<|"), Token(4, "|>|", {"normalized"}),
              Token(5, " ", {"lstrip", "rstrip"})});
  ASSERT_FALSE(added.IsHardBoundary("<|a|>"));  // "|>|" begins inside it.
  const AddedTokens hard = Create(
      {Token(2, "<|a|>"), Token(3, "<|"), Token(4, "[]", {"lstrip"}), Token(5, "()", {"rstrip"})});
  ASSERT_TRUE(hard.IsHardBoundary("<|a|>"));
  const std::vector<std::string> parts = {"",    " ",  "<|",  "<|a", "[]",
                                          " []", "()", "() ", "|>",  "<|a|>"};
  for (const std::string& before : parts) {
    for (const std::string& after : parts) {
      auto expected = Split(hard, before + "<|a|>");
      for (auto& segment : Split(hard, after)) expected.push_back(segment);
      std::vector<TokenId> whole_ids, part_ids;
      for (const auto& segment : Split(hard, before + "<|a|>" + after)) {
        whole_ids.push_back(segment.second);
      }
      for (const auto& segment : expected) part_ids.push_back(segment.second);
      EXPECT_EQ(whole_ids, part_ids) << before << " and " << after;
    }
  }
}

TEST(AddedTokensTest, ADamagedSectionIsDataLossNamingThePlace) {
  const auto create = [](const std::vector<Json>& tokens) {
    const Json list = tokens;
    return AddedTokens::Create(&list, SmallBpe(), Normalizer()).status();
  };
  const Json number = 7;
  EXPECT_THAT(AddedTokens::Create(&number, SmallBpe(), Normalizer()),
              StatusIs(kDataLoss, HasSubstr("added_tokens")));
  EXPECT_THAT(create({Token(2, "x"), Token(3, "x")}),
              StatusIs(kDataLoss, HasSubstr("added_tokens[1].content")));
  EXPECT_THAT(create({Token(2, "")}), StatusIs(kDataLoss, HasSubstr("added_tokens[0].content")));
  EXPECT_THAT(create({Token(3, "x")}), StatusIs(kDataLoss, HasSubstr("added_tokens[0].id")));
  EXPECT_THAT(create({Token(2, "<known>")}), StatusIs(kDataLoss, HasSubstr("added_tokens[0].id")));
  EXPECT_THAT(create({Token(-1, "x")}), StatusIs(kDataLoss, HasSubstr("added_tokens[0].id")));
  for (const char* key : {"id", "content", "single_word", "lstrip", "rstrip", "normalized"}) {
    Json token = Token(2, "x");
    token.erase(key);
    EXPECT_THAT(create({token}), StatusIs(kDataLoss, HasSubstr(key)));
  }
}

}  // namespace
}  // namespace assay
