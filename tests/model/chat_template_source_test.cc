#include "model/chat_template_source.h"

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

TEST(ChatTemplateSourceTest, BothFormsOfBothKeysAreRead) {
  const ChatTemplateSource plain =
      ReadTokenizerConfig(R"({"chat_template": "T", "bos_token": "<s>"})").value();
  EXPECT_EQ(plain.jinja, "T");
  EXPECT_EQ(plain.bos, "<s>");
  const ChatTemplateSource nested =
      ReadTokenizerConfig(
          R"({"chat_template": [{"name": "tool_use", "template": "U"}, {"name": "default", "template": "T"}],
              "bos_token": {"content": "<s>", "lstrip": false}})")
          .value();
  EXPECT_EQ(nested.jinja, "T");
  EXPECT_EQ(nested.bos, "<s>");
}

TEST(ChatTemplateSourceTest, WhatIsNotThereIsNothing) {
  for (const char* json : {"{}", R"({"chat_template": null, "bos_token": null})",
                           R"({"chat_template": [{"name": "rag", "template": "U"}]})"}) {
    const ChatTemplateSource source = ReadTokenizerConfig(json).value();
    EXPECT_EQ(source.jinja, std::nullopt) << json;
    EXPECT_EQ(source.bos, std::nullopt) << json;
  }
}

TEST(ChatTemplateSourceTest, OtherFormsAreDataLossByName) {
  EXPECT_THAT(ReadTokenizerConfig("{"), StatusIs(kDataLoss, HasSubstr("tokenizer_config.json")));
  EXPECT_THAT(ReadTokenizerConfig("[]"), StatusIs(kDataLoss));
  EXPECT_THAT(ReadTokenizerConfig(R"({"chat_template": 7})"),
              StatusIs(kDataLoss, HasSubstr("chat_template")));
  EXPECT_THAT(ReadTokenizerConfig(R"({"chat_template": ["T"]})"),
              StatusIs(kDataLoss, HasSubstr("chat_template[0]")));
  EXPECT_THAT(ReadTokenizerConfig(R"({"chat_template": [{"name": "default"}]})"),
              StatusIs(kDataLoss, HasSubstr("chat_template[0].template")));
  EXPECT_THAT(ReadTokenizerConfig(R"({"bos_token": 7})"),
              StatusIs(kDataLoss, HasSubstr("bos_token")));
  EXPECT_THAT(ReadTokenizerConfig(R"({"bos_token": {}})"),
              StatusIs(kDataLoss, HasSubstr("bos_token.content")));
}

}  // namespace
}  // namespace assay
