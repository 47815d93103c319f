#include "model/byte_pattern.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

TEST(BytePatternTest, LiteralsGroupsAndQuantifiersAreKept) {
  EXPECT_EQ(TranslatePattern("ab").value().pcre2, R"(\x61\x62)");
  EXPECT_EQ(TranslatePattern("(a|b)+?c").value().pcre2, R"((?:\x61|\x62)+?\x63)");
  EXPECT_EQ(TranslatePattern("ab*+c?+").value().pcre2, R"(\x61\x62*+\x63?+)");
  EXPECT_EQ(TranslatePattern("a{2}b{2,}c{2,3}").value().pcre2, R"(\x61{2,2}\x62{2,}\x63{2,3})");
  EXPECT_EQ(TranslatePattern("a(?!b)(?=c)").value().pcre2, R"(\x61(?!\x62)(?=\x63))");
}

TEST(BytePatternTest, ClassesBecomeClassesOfBytes) {
  EXPECT_EQ(TranslatePattern("[a-cx]").value().pcre2, R"([\x61-\x63\x78])");
  EXPECT_EQ(TranslatePattern("[^b]").value().pcre2, R"([\x00-\x61\x63-\xFF])");
  EXPECT_EQ(TranslatePattern(R"([-a\]\-])").value().pcre2, R"([\x2D\x5D\x61])");
  EXPECT_EQ(TranslatePattern("[a-]").value().pcre2, R"([\x2D\x61])");
  EXPECT_EQ(TranslatePattern(".").value().pcre2, R"([\x00-\x09\x0B-\xFF])");
  EXPECT_EQ(TranslatePattern(R"([\s\S])").value().pcre2, R"([\x00-\xFF])");
  EXPECT_EQ(TranslatePattern(R"([^\s\S])").value().pcre2, R"([^\x00-\xFF])");
}

TEST(BytePatternTest, FoldingAddsBothCasesAndTheTwoCharactersBeyondAscii) {
  const BytePattern pattern = TranslatePattern("(?i:s1)").value();
  EXPECT_EQ(pattern.alphabet.ByteOf(0x17F), 0x9F);
  EXPECT_EQ(pattern.pcre2, R"((?:[\x53\x73\x9F]\x31))");
}

TEST(BytePatternTest, ALookAheadMayHoldAFoldedGroup) {
  EXPECT_EQ(TranslatePattern("a(?=(?i:b)c)").value().pcre2, R"(\x61(?=(?:[\x42\x62])\x63))");
}

TEST(BytePatternTest, WhatIsNotKnownToBeTheSameIsUnimplementedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"^a", "^"},
      {"a$", "$"},
      {"*a", "*"},
      {"a]", "]"},
      {"a}", "}"},
      {R"(\w)", R"(\w)"},
      {R"(\b)", R"(\b)"},
      {R"(\h)", R"(\h)"},
      {R"(\R)", R"(\R)"},
      {R"(\1)", R"(\1)"},
      {R"(\x41)", R"(\x)"},
      {R"(\')", "escape"},
      {R"(\p{Han})", "Han"},
      {R"(\p{^L})", "^L"},
      {R"(\pL)", R"(\p)"},
      {"a\\", "\\"},
      {"(?<=a)b", "(?"},
      {"(?<n>a)", "(?"},
      {"(?>a)", "(?"},
      {"(?i)a", "(?"},
      {"(?#a)b", "(?"},
      {"(*FAIL)", "(?"},
      {"(a", "("},
      {"a)", ")"},
      {"[a", "class"},
      {"[]a]", "]"},
      {"[[:alpha:]]", "class within"},
      {"[a&&b]", "&&"},
      {"[a-c-e]", "-"},
      {R"([\d-x])", "-"},
      {"[b-a]", "range"},
      {"[一-龥]", "range"},
      {"a**", "quantifier"},
      {"a+?+", "quantifier"},
      {"a{1,2}+", "quantifier"},
      {"a{1,2}?", "quantifier"},
      {"a{,2}b", "interval"},
      {"a{x}", "interval"},
      {"a{2,1}", "interval"},
      {"a{256}", "255"},
      {"a{99999999999999999999}", "255"},
      {"(a*)*b", "repeated group"},
      {"(a|){2}b", "repeated group"},
      {"(?=a)+b", "repeated"},
      {"(?=a)?b", "repeated"},
      {"(?i:ss)", "ss"},
      {"(?i:Ss)", "ss"},
      {"(?i:afi)", "f."},
      {"(?i:é)", "beyond ASCII"},
      {R"((?i:\s))", "(?i:"},
      {"(?i:.)", "(?i:"},
      {"(?i:a+)", "quantifier"},
      {"(?i:(?:a))", "group within"},
      {"a*", "match nothing"},
      {"a|", "match nothing"},
      {"(?=a)", "match nothing"},
      {"", "match nothing"},
      {"\xFF", "UTF-8"},
  };
  for (const auto& [pattern, named] : cases) {
    EXPECT_THAT(TranslatePattern(pattern), StatusIs(kUnimplemented, HasSubstr(named))) << pattern;
  }
  EXPECT_THAT(TranslatePattern(absl::string_view("a\0b", 3)), StatusIs(kUnimplemented));
}

TEST(BytePatternTest, DepthAndLengthAreBounded) {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  EXPECT_OK(TranslatePattern(nested(32)));
  EXPECT_THAT(TranslatePattern(nested(33)), StatusIs(kUnimplemented, HasSubstr("deep")));
  EXPECT_OK(TranslatePattern(std::string(4096, 'a')));
  EXPECT_THAT(TranslatePattern(std::string(4097, 'a')),
              StatusIs(kUnimplemented, HasSubstr("4096")));
}

}  // namespace
}  // namespace assay
