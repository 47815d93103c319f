#include "model/jinja_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(JinjaWordsTest, TagsAreReadWordByWordAndTextIsAnOutput) {
  EXPECT_THAT(WordsOf("<{{ m['a'] }}>{% if x != 10 %}"),
              Optional(ElementsAre("{{", "'<", "}}", "{{", "m", "[", "'a", "]", "}}", "{{", "'>",
                                   "}}", "{%", "if", "x", "!=", "10", "%}")));
}

TEST(JinjaWordsTest, EscapesAndQuotesOfTextsAreRead) {
  EXPECT_THAT(WordsOf(R"({{ "a'\n\t\\\"" }})"), Optional(ElementsAre("{{", "'a'\n\t\\\"", "}}")));
  EXPECT_THAT(WordsOf("{{ '}}' }}"), Optional(ElementsAre("{{", "'}}", "}}")));
}

// The expected texts are what Jinja 3.1 keeps with trim_blocks and lstrip_blocks.
TEST(JinjaWordsTest, WhiteSpaceAroundBlocksIsStrippedAsJinjaDoes) {
  const auto texts = [](absl::string_view jinja) {
    std::string kept;
    const auto words = WordsOf(jinja).value();
    for (const std::string& word : words) {
      if (word[0] == '\'') kept += word.substr(1);
    }
    return kept;
  };
  EXPECT_EQ(texts("a\n  {% x %}\n  b"), "a\n  b");
  EXPECT_EQ(texts("a {% x %}\n\nb"), "a \nb");
  EXPECT_EQ(texts("a\n  {%+ x +%}\n  b"), "a\n  \n  b");
  EXPECT_EQ(texts("a\n  {%- x -%}\n  b"), "ab");
  EXPECT_EQ(texts("a\n  {{ x }}\n  b"), "a\n  \n  b");
  EXPECT_EQ(texts("a \n {{- x -}} \n b"), "ab");
  EXPECT_EQ(texts("a\n {# note #}\nb"), "a\nb");
  EXPECT_EQ(texts("a\r\nb\rc\n"), "a\nb\nc");
}

TEST(JinjaWordsTest, SyntaxThatIsNotKnownHasNoWords) {
  for (const char* jinja :
       {"{{ a", "{%", "{#", "{{ 'a }}", "{{ '\\q' }}", "{{ a % b }}", "{{ $ }}"}) {
    EXPECT_EQ(WordsOf(jinja), std::nullopt) << jinja;
  }
}

}  // namespace
}  // namespace assay
