#include "model/split_pattern.h"

#include <string>
#include <thread>
#include <vector>

#include "base/utf8.h"
#include "model/unicode.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::StatusIs;

std::vector<std::string> MatchesOf(const SplitPattern& pattern, absl::string_view text) {
  std::vector<ByteRange> ranges;
  EXPECT_OK(pattern.FindMatches(text, &ranges));
  std::vector<std::string> matches;
  for (const ByteRange& range : ranges) {
    matches.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return matches;
}

std::vector<std::string> MatchesOf(absl::string_view regex, absl::string_view text) {
  return MatchesOf(SplitPattern::FromRegex(regex).value(), text);
}

// Every code point but surrogates, once.
std::string EveryRune() {
  std::string text;
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    if (rune < 0xD800 || rune > 0xDFFF) AppendUtf8(rune, &text);
  }
  return text;
}

TEST(SplitPatternTest, EveryCodePointIsInItsCategoryAndInNoOther) {
  const std::string text = EveryRune();
  const std::string names = "CcCfCnCoLlLmLoLtLuMcMeMnNdNlNoPcPdPePfPiPoPsScSkSmSoZlZpZs";
  size_t matched = 0;
  for (size_t i = 0; i < names.size(); i += 2) {
    GeneralCategory category;
    ASSERT_TRUE(ParseCategory(names.substr(i, 2), &category));
    for (const std::string& match : MatchesOf("\\p{" + names.substr(i, 2) + "}", text)) {
      ASSERT_EQ(CategoryOf(DecodeUtf8(match).rune), category);
      ++matched;
    }
  }
  EXPECT_EQ(matched, 0x110000 - 0x800);
}

TEST(SplitPatternTest, WhiteSpaceIsThatOfUnicodeTables) {
  size_t matched = 0;
  for (const std::string& match : MatchesOf(R"(\s)", EveryRune())) {
    ASSERT_TRUE(IsWhiteSpace(DecodeUtf8(match).rune));
    ++matched;
  }
  EXPECT_EQ(matched, 25);
}

TEST(SplitPatternTest, TheFirstAlternativeThatMatchesWins) {
  EXPECT_THAT(MatchesOf("(a|ab)(c|bcd)?", "abcd abc"), ElementsAre("abcd", "a"));
}

TEST(SplitPatternTest, MatchesEndBetweenCharactersOfAnyLength) {
  EXPECT_THAT(MatchesOf(".{2}", "aé中\U0001F600b"), ElementsAre("aé", "中\U0001F600"));
}

TEST(SplitPatternTest, CaseFoldingReachesTheLongSAndTheKelvinSign) {
  EXPECT_THAT(MatchesOf("(?i:'s|k)", "'s'S'\u017F k K \u212A ß"),
              ElementsAre("'s", "'S", "'\u017F", "k", "K", "\u212A"));
}

TEST(SplitPatternTest, LiteralsBeyondAsciiMatchThemselvesOnly) {
  EXPECT_THAT(MatchesOf("[é中]", "éè中丙"), ElementsAre("é", "中"));
}

TEST(SplitPatternTest, LookAheadSeesTheCharacterButDoesNotTakeIt) {
  EXPECT_THAT(MatchesOf(R"(\s+(?!\S)|\s+)", "a   b \u3000"), ElementsAre("  ", " ", " \u3000"));
}

TEST(SplitPatternTest, ALiteralPatternIsNotARegex) {
  const SplitPattern pattern = SplitPattern::FromLiteral("..").value();
  EXPECT_THAT(MatchesOf(pattern, "a..b...c"), ElementsAre("..", ".."));
  EXPECT_THAT(MatchesOf(pattern, ""), IsEmpty());
  EXPECT_THAT(SplitPattern::FromLiteral(""), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(SplitPatternTest, WhatTheMatcherCannotCompileIsUnimplemented) {
  std::string pattern;
  for (int i = 0; i < 3; ++i) pattern = "(" + pattern + "a){255}";
  EXPECT_THAT(SplitPattern::FromRegex(pattern), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(SplitPatternTest, ALongTextNeedsNoMoreThanLinearTime) {
  const SplitPattern pattern =
      SplitPattern::FromRegex(
          R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")
          .value();
  for (const char* unit : {" ", "a", "\n", "!", "é", "\u3000", "1"}) {
    std::string text;
    while (text.size() < 4'000'000) text += unit;
    text += "x";
    std::vector<ByteRange> matches;
    ASSERT_OK(pattern.FindMatches(text, &matches));
    EXPECT_EQ(matches.front().begin, 0) << unit;
    EXPECT_EQ(matches.back().end, text.size()) << unit;
  }
}

TEST(SplitPatternTest, APatternThatBacktracksWithoutBoundIsAnErrorAndNotAHang) {
  const SplitPattern pattern = SplitPattern::FromRegex("(?:a+a+)+[bc]").value();
  std::vector<ByteRange> matches;
  EXPECT_THAT(pattern.FindMatches(std::string(60, 'a'), &matches),
              StatusIs(absl::StatusCode::kInternal));
}

TEST(SplitPatternTest, AGroupRepeatedOverALongTextNeedsMoreThanTheSmallStack) {
  const SplitPattern pattern = SplitPattern::FromRegex("(?:a|b)+c").value();
  std::string text(20'000, 'a');
  std::vector<ByteRange> matches;
  ASSERT_OK(pattern.FindMatches(text + "c", &matches));
  ASSERT_EQ(matches.size(), 1);
  EXPECT_EQ(matches[0].end, text.size() + 1);
}

TEST(SplitPatternTest, OnePatternServesManyThreads) {
  const SplitPattern pattern = SplitPattern::FromRegex(R"(\p{L}+|\s+)").value();
  const std::string text = "один two\n三 four ";
  const std::vector<std::string> expected = MatchesOf(pattern, text);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) EXPECT_EQ(MatchesOf(pattern, text), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace assay
