#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Utf8Test, EveryCodePointSurvivesEncodingAndDecoding) {
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    if (rune >= 0xD800 && rune <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(rune, &text);
    const DecodedRune decoded = DecodeUtf8(text);
    ASSERT_EQ(decoded.rune, rune);
    ASSERT_EQ(decoded.bytes, text.size());
    ASSERT_EQ(FindInvalidUtf8(text), std::string::npos);
  }
}

TEST(Utf8Test, IllFormedSequencesAreFoundWhereTheyBegin) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3", "\xE2(\xA1"}) {
    EXPECT_EQ(FindInvalidUtf8(std::string("ab\xC3\xA9") + bad), 4) << bad;
  }
}

TEST(Utf8Test, EmptyTextAndTextWithNulAreValid) {
  EXPECT_EQ(FindInvalidUtf8(""), std::string::npos);
  EXPECT_EQ(FindInvalidUtf8(std::string("a\0b", 3)), std::string::npos);
}

}  // namespace
}  // namespace assay
