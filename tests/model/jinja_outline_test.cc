#include "model/jinja_outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(JinjaOutlineTest, WordsAreThoseOfTheTemplate) {
  EXPECT_THAT(OutlineOf("{% for m in messages %}<{{ m['role'] }}>{% endfor %}"),
              Optional(ElementsAre("{%", "for", "$0", "in", "messages", "%}", "{{", "'<", "+", "$0",
                                   ".", "role", "+", "'>", "}}", "{%", "endfor", "%}")));
  EXPECT_THAT(OutlineOf(""), Optional(ElementsAre()));
}

// Templates that render alike.
TEST(JinjaOutlineTest, LayoutAndSpellingDoNotMatter) {
  const std::pair<const char*, const char*> alike[] = {
      {"{{a}}", "{{  a\n}}"},
      {"{{ 'x' }}", "{{ \"x\" }}"},
      {"{{ 'x\\ny' }}", "{{ 'x\ny' }}"},
      {"{{ 'x' }}", "x"},
      {"{{ 'x' + 'y' }}", "xy"},
      {"{{ 'x' ~ a }}", "x{{ a }}"},
      {"{{ a }}{{ b }}", "{{ a + b }}"},
      {"{{ m['content'] }}", "{{ m.content }}"},
      {"{{ m.content.strip() }}", "{{ m.content | trim }}"},
      {"{{ 'x' + (m.content | trim) + 'y' }}", "{{ 'x' + m.content|trim + 'y' }}"},
      {"{% if loop.index0 == 0 %}x{% endif %}", "{% if loop.first %}x{% endif %}"},
      {"{% for m in messages %}{{ m.role }}{% endfor %}",
       "{% for message in messages %}{{ message['role'] }}{% endfor %}"},
      {"{% for m in messages %}\n  {% if m %}\nx{% endif %}\n{% endfor %}\n",
       "{% for m in messages %}{% if m %}x{% endif %}{% endfor %}"},
      {"{%- if a -%}\n  x  {%- endif -%} ", "{% if a %}x{% endif %}"},
      {"{% if a %}\r\nx{% endif %}", "{% if a %}\nx{% endif %}"},
      {"x{# a note #}\ny", "xy"},
      {"x\n", "x"},
      {"x{% if add_generation_prompt %}{{ 'y' }}{% endif %}", "x"},
      {"{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}"
       "{% endif %}x",
       "x"},
  };
  for (const auto& [one, other] : alike) {
    ASSERT_TRUE(OutlineOf(one).has_value()) << one;
    EXPECT_EQ(OutlineOf(one), OutlineOf(other)) << one;
  }
}

TEST(JinjaOutlineTest, WhatRendersOtherwiseIsOtherwise) {
  const std::pair<const char*, const char*> different[] = {
      {"x", "x "},
      {"x\n\n", "x"},
      {"{{ a }}\n", "{{ a }}\n\n"},
      {"{{ a }} {{ b }}", "{{ a }}{{ b }}"},
      {"x {% if a %}y{% endif %}", "x{% if a %}y{% endif %}"},
      {"{% if a %} x{% endif %}", "{% if a %}x{% endif %}"},
      {"{% if a +%}\nx{% endif %}", "{% if a %}\nx{% endif %}"},
      {"{{ m.content }}", "{{ m.content | trim }}"},
      {"{{ 'x' + m.content | trim }}", "{{ ('x' + m.content) | trim }}"},
      {"{{ 'a' + 'b' | trim }}", "{{ 'ab' | trim }}"},
      {"{{ 'x\\\\n' }}", "{{ 'x\\n' }}"},
      {"{% if a == 'b' %}x{% endif %}", "{% if a != 'b' %}x{% endif %}"},
      {"{% if add_generation_prompt %}x{% else %}y{% endif %}", "y"},
      {"{{ f(m.content) }}", "{{ f + m.content }}"},
      {"{% for content in messages %}{{ m.content }}{% endfor %}",
       "{% for content in messages %}{{ content }}{% endfor %}"},
      {"{{ 'messages' }}", "{{ messages }}"},
  };
  for (const auto& [one, other] : different) EXPECT_NE(OutlineOf(one), OutlineOf(other)) << one;
}

TEST(JinjaOutlineTest, SyntaxThatIsNotKnownHasNoOutline) {
  for (const char* jinja : {"{{ a", "{% if", "{# x", "{{ 'a }}", "{{ 'a\\x41' }}", "{{ a % b }}",
                            "{{ 'a\\", "{{ a * b }}", "{{ \xC3\xA9 }}"}) {
    EXPECT_EQ(OutlineOf(jinja), std::nullopt) << jinja;
  }
  EXPECT_EQ(OutlineOf(std::string((1 << 20) + 1, 'x')), std::nullopt);
}

}  // namespace
}  // namespace assay
