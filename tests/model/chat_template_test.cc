#include "model/chat_template.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;
constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;

// As published, generation prompt included.
constexpr char kLlama3[] =
    R"({% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>

'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>

' }}{% endif %})";
constexpr char kYi[] =
    R"({% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr char kSmolLm2[] =
    R"({% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %})";
constexpr char kArmoRmMini[] =
    R"({% for m in messages %}{{ '<|im_start|>' + m['role'] + '
' + (m['content'] | trim) + '<|im_end|>
' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %})";

std::string Render(const ChatFormat& format, const std::vector<Message>& prompt,
                   absl::string_view response) {
  const ChatTemplate chat_template(format, "<s>");
  return absl::StrCat(chat_template.RenderPrompt(prompt).value(),
                      chat_template.RenderResponse(response));
}

TEST(ChatTemplateTest, Llama3BeginsOnceAndTrimsContents) {
  const ChatFormat format = ChatTemplate::Recognize(kLlama3).value();
  EXPECT_EQ(format.name, "llama3");
  EXPECT_EQ(Render(format, {{"system", "be\n"}, {"user", " hi\u3000"}}, "\tyes \n"),
            "<s><|start_header_id|>system<|end_header_id|>\n\nbe<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nyes<|eot_id|>");
}

TEST(ChatTemplateTest, PlainChatMlKeepsContentsAsTheyAre) {
  const ChatFormat format = ChatTemplate::Recognize(kYi).value();
  EXPECT_EQ(format.name, "chatml");
  EXPECT_EQ(Render(format, {{"user", " hi "}}, " yes\n"),
            "<|im_start|>user\n hi <|im_end|>\n<|im_start|>assistant\n yes\n<|im_end|>\n");
}

TEST(ChatTemplateTest, ADefaultSystemTurnStandsInForAMissingOne) {
  const ChatFormat format = ChatTemplate::Recognize(kSmolLm2).value();
  const std::string system =
      "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
      "Face<|im_end|>\n";
  const std::string turns =
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n";
  EXPECT_EQ(Render(format, {{"user", "hi"}}, "yes"), system + turns);
  EXPECT_EQ(Render(format, {{"system", "x"}, {"user", "hi"}}, "yes"),
            "<|im_start|>system\nx<|im_end|>\n" + turns);
  EXPECT_EQ(Render(format, {}, "yes"), system + "<|im_start|>assistant\nyes<|im_end|>\n");
}

TEST(ChatTemplateTest, TheEmbeddedModelsTemplateTrims) {
  const ChatFormat format = ChatTemplate::Recognize(kArmoRmMini).value();
  EXPECT_EQ(Render(format, {{"user", " hi "}}, " yes\n"),
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n");
}

TEST(ChatTemplateTest, NeitherWayOfWritingTheFirstTurnMatters) {
  const std::string other =
      absl::StrReplaceAll(kLlama3, {{"loop.index0 == 0", "loop.first"},
                                    {"message['content'] | trim", "message.content.strip()"}});
  EXPECT_EQ(ChatTemplate::Recognize(other).value().name, "llama3");
}

TEST(ChatTemplateTest, ATemplateThatDiffersAnywhereIsNotRecognized) {
  const std::pair<const char*, const char*> edits[] = {
      {"<|eot_id|>", "<|eot|>"},
      {"| trim", "| upper"},
      {"bos_token + content", "content + bos_token"},
      {"{{ content }}", "{{ content }} "},
      {"== 0", "== 1"},
      {"{% if add_generation_prompt %}", "{% if true %}"},
      {"message['role'] +", "message['name'] +"},
      {"'<|end_header_id|>\n\n'", "'<|end_header_id|>\n'"},
  };
  for (const auto& edit : edits) {
    const std::string edited = absl::StrReplaceAll(kLlama3, {{edit.first, edit.second}});
    ASSERT_NE(edited, kLlama3);
    EXPECT_THAT(
        ChatTemplate::Recognize(edited),
        StatusIs(absl::StatusCode::kUnimplemented,
                 AllOf(HasSubstr("--chat-template llama3"), HasSubstr("--chat-template chatml"))))
        << edit.second;
  }
  EXPECT_THAT(ChatTemplate::Recognize(""), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(ChatTemplate::Recognize("{{"), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(ChatTemplateTest, AFamilyCanBeChosenByName) {
  EXPECT_TRUE(ChatTemplate::ByName("llama3").value().needs_bos);
  EXPECT_EQ(Render(ChatTemplate::ByName("chatml").value(), {{"user", " a "}}, " b "),
            Render(ChatTemplate::Recognize(kArmoRmMini).value(), {{"user", "a"}}, "b"));
  for (const char* name : {"", "auto", "Llama3", "alpaca"}) {
    EXPECT_THAT(ChatTemplate::ByName(name), StatusIs(kInvalidArgument, HasSubstr("llama3")));
  }
}

TEST(ChatTemplateTest, AnUnknownRoleIsNamedByItsPlaceAndNeverEchoed) {
  const ChatTemplate chat_template(ChatTemplate::ByName("llama3").value(), "");
  for (const char* role : {"", "User", "tool", "secret"}) {
    const std::vector<Message> prompt = {{"user", "a"}, {role, "private"}};
    EXPECT_THAT(
        chat_template.RenderPrompt(prompt),
        StatusIs(kInvalidArgument, AllOf(HasSubstr("prompt[1].role"), Not(HasSubstr("private")),
                                         Not(HasSubstr("secret")))));
  }
}

TEST(ChatTemplateTest, ThePromptsTextEndsWithTheBoundary) {
  for (const char* name : {"llama3", "chatml"}) {
    const ChatTemplate chat_template(ChatTemplate::ByName(name).value(), "<s>");
    const std::vector<Message> prompt = {{"user", "a"}};
    const std::string text = chat_template.RenderPrompt(prompt).value();
    EXPECT_THAT(text, ::testing::EndsWith(std::string(chat_template.boundary())));
  }
}

}  // namespace
}  // namespace assay
