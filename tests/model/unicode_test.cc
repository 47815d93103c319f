#include "model/unicode.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/utf8.h"

namespace assay {
namespace {

using Category = GeneralCategory;

TEST(UnicodeTest, KnownCharactersHaveTheirCategories) {
  EXPECT_EQ(CategoryOf('a'), Category::kLl);
  EXPECT_EQ(CategoryOf('A'), Category::kLu);
  EXPECT_EQ(CategoryOf('5'), Category::kNd);
  EXPECT_EQ(CategoryOf(' '), Category::kZs);
  EXPECT_EQ(CategoryOf('\n'), Category::kCc);
  EXPECT_EQ(CategoryOf(0x01C5), Category::kLt);
  EXPECT_EQ(CategoryOf(0x4E2D), Category::kLo);
  EXPECT_EQ(CategoryOf(0x0301), Category::kMn);
  EXPECT_EQ(CategoryOf(0x2028), Category::kZl);
  EXPECT_EQ(CategoryOf(0x1F600), Category::kSo);
  EXPECT_EQ(CategoryOf(0xD800), Category::kCs);
  EXPECT_EQ(CategoryOf(0xE000), Category::kCo);
  EXPECT_EQ(CategoryOf(0x10FFFF), Category::kCn);
}

TEST(UnicodeTest, BeyondTheLastCodePointEverythingIsUnassigned) {
  EXPECT_EQ(CategoryOf(0x110000), Category::kCn);
  EXPECT_EQ(CategoryOf(0xFFFFFFFF), Category::kCn);
  EXPECT_FALSE(IsWhiteSpace(0xFFFFFFFF));
}

TEST(UnicodeTest, EveryCategoryButSurrogatesHasANameThatParses) {
  std::set<Category> seen;
  for (char first : {'C', 'L', 'M', 'N', 'P', 'S', 'Z'}) {
    for (char second = 'a'; second <= 'z'; ++second) {
      Category category;
      if (ParseCategory(std::string{first, second}, &category)) seen.insert(category);
    }
  }
  EXPECT_EQ(seen.size(), kGeneralCategories);
  Category category;
  EXPECT_TRUE(ParseCategory("Zs", &category));
  EXPECT_EQ(category, Category::kZs);
  for (const char* name : {"", "L", "cC", "lu", "Lx", "Luu"}) {
    EXPECT_FALSE(ParseCategory(name, &category)) << name;
  }
}

// Source: PropList.txt's White_Space, unchanged since Unicode 6.3.
TEST(UnicodeTest, WhiteSpaceIsThePublishedProperty) {
  const std::set<char32_t> expected = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,
                                       0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                       0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                       0x2029, 0x202F, 0x205F, 0x3000};
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    ASSERT_EQ(IsWhiteSpace(rune), expected.contains(rune)) << std::hex << static_cast<int>(rune);
  }
}

TEST(UnicodeTest, NumericIsMoreThanDecimalDigits) {
  for (char32_t rune : {U'7', U'\u0661', U'\u00B2', U'\u2167', U'\u00BD'}) {
    EXPECT_TRUE(IsNumeric(rune)) << std::hex << static_cast<int>(rune);
  }
  for (char32_t rune : {U'a', U' ', U'\u4E00', U'_'}) {
    EXPECT_FALSE(IsNumeric(rune)) << std::hex << static_cast<int>(rune);
  }
}

TEST(UnicodeTest, WordCharactersAreLettersMarksDigitsAndConnectors) {
  for (char32_t rune : {U'a', U'\u00E9', U'0', U'_', U'\u0301', U'\u4E2D', U'\u200D', U'\u24B6'}) {
    EXPECT_TRUE(IsWordCharacter(rune)) << std::hex << static_cast<int>(rune);
  }
  for (char32_t rune : {U' ', U'-', U'\'', U'\u2019', U'\u00B2', U'\U0001F600'}) {
    EXPECT_FALSE(IsWordCharacter(rune)) << std::hex << static_cast<int>(rune);
  }
}

TEST(StripPythonTest, RemovesExactlyWhatPythonRemovesFromBothEnds) {
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    if (rune >= 0xD800 && rune <= 0xDFFF) continue;
    std::string edge;
    AppendUtf8(rune, &edge);
    const bool removed = IsWhiteSpace(rune) || (rune >= 0x1C && rune <= 0x1F);
    const std::string text = edge + "a" + edge + "b" + edge;
    ASSERT_EQ(StripPython(text), removed ? "a" + edge + "b" : text)
        << std::hex << static_cast<int>(rune);
  }
}

TEST(StripPythonTest, AnEmptyOrBlankTextBecomesEmpty) {
  EXPECT_EQ(StripPython(""), "");
  EXPECT_EQ(StripPython(" \n\t\u3000\u0085\x1C"), "");
}

TEST(StripPythonTest, ZeroWidthCharactersStay) {
  EXPECT_EQ(StripPython("\u200Ba\uFEFF"), "\u200Ba\uFEFF");
}

TEST(StripPythonTest, IllFormedEndsStay) {
  EXPECT_EQ(StripPython("\xFF a \xE2\x80"), "\xFF a \xE2\x80");
  EXPECT_EQ(StripPython(" \x80 "), "\x80");
}

}  // namespace
}  // namespace assay
