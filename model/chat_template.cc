#include "model/chat_template.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/jinja_outline.h"
#include "model/unicode.h"

namespace assay {
namespace {

// Stands for any text in a known template: the words of the default system turn.
constexpr char kAnyText = '\x01';

struct KnownTemplate {
  absl::string_view jinja;
  ChatFormat format;
};

// A template is one of these if its outline is (jinja_outline.h), so layout, names and generation prompt do not matter.
// Not among them on purpose: Meta's first Llama 3 form, which always ends with a generation prompt, and Llama 3.1's,
// which dates the conversation.
std::vector<KnownTemplate> KnownTemplates() {
  const ChatFormat llama3 = {.name = "llama3", .needs_bos = true};
  const ChatFormat chatml = {.name = "chatml"};
  const ChatFormat chatml_as_is = {.name = "chatml", .trims = false};
  return {
      // Meta-Llama-3-8B-Instruct, ArmoRM, FsfairX.
      {"{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
       "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | "
       "trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
       "{% endif %}{{ content }}{% endfor %}",
       llama3},
      {"{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
       "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == "
       "0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}",
       llama3},
      {"{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + "
       "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}",
       llama3},
      // armorm-mini.
      {"{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + "
       "message['content'] | trim + '<|im_end|>\n' }}{% endfor %}",
       chatml},
      // Yi-34B-Chat and many others.
      {"{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + "
       "message['content'] + '<|im_end|>\n' }}{% endfor %}",
       chatml_as_is},
      // SmolLM2-Instruct, Qwen1.5, Qwen2.
      {"{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
       "'<|im_start|>system\n\x01<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + "
       "'\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}",
       chatml_as_is},
      {"{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
       "'<|im_start|>system\n\x01<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + "
       "'\n' + message['content'] | trim + '<|im_end|>\n' }}{% endfor %}",
       chatml},
  };
}

// True where `words` is `known`, with any text for kAnyText; the literal that holds it goes to `with_any`.
bool SameOutline(const std::vector<std::string>& words, const std::vector<std::string>& known,
                 std::string* with_any) {
  if (words.size() != known.size()) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t any = known[i].find(kAnyText);
    if (any == std::string::npos) {
      if (words[i] != known[i]) return false;
      continue;
    }
    const absl::string_view before = absl::string_view(known[i]).substr(0, any);
    const absl::string_view after = absl::string_view(known[i]).substr(any + 1);
    if (words[i].size() < before.size() + after.size() || !absl::StartsWith(words[i], before) ||
        !absl::EndsWith(words[i], after)) {
      return false;
    }
    *with_any = words[i].substr(1);
  }
  return true;
}

}  // namespace

absl::StatusOr<ChatFormat> ChatTemplate::Recognize(absl::string_view jinja) {
  if (const auto words = OutlineOf(jinja); words.has_value()) {
    for (KnownTemplate& known : KnownTemplates()) {
      if (SameOutline(*words, *OutlineOf(known.jinja), &known.format.default_system)) {
        return std::move(known.format);
      }
    }
  }
  return absl::UnimplementedError(
      "the checkpoint's chat template is not one that is known; --chat-template llama3 or "
      "--chat-template chatml chooses one");
}

absl::StatusOr<ChatFormat> ChatTemplate::ByName(absl::string_view name) {
  if (name == "llama3") return ChatFormat{.name = "llama3", .needs_bos = true};
  if (name == "chatml") return ChatFormat{.name = "chatml"};
  return absl::InvalidArgumentError("chat_template: not auto, llama3 or chatml");
}

ChatTemplate::ChatTemplate(ChatFormat format, std::string bos)
    : format_(std::move(format)), bos_(std::move(bos)), is_llama3_(format_.name == "llama3") {}

absl::string_view ChatTemplate::Content(absl::string_view content) const {
  return format_.trims ? StripPython(content) : content;
}

absl::string_view ChatTemplate::boundary() const {
  return is_llama3_ ? "<|end_header_id|>" : "<|im_start|>";
}

absl::StatusOr<std::string> ChatTemplate::RenderPrompt(absl::Span<const Message> prompt) const {
  std::string text;
  if (format_.needs_bos) text += bos_;
  if (prompt.empty() || prompt[0].role != "system") text += format_.default_system;
  for (size_t i = 0; i < prompt.size(); ++i) {
    const std::string& role = prompt[i].role;
    if (role != "system" && role != "user" && role != "assistant") {
      return absl::InvalidArgumentError(
          absl::StrCat("prompt[", i, "].role: not system, user or assistant"));
    }
    const absl::string_view content = Content(prompt[i].content);
    if (is_llama3_) {
      absl::StrAppend(&text, "<|start_header_id|>", role, "<|end_header_id|>\n\n", content,
                      "<|eot_id|>");
    } else {
      absl::StrAppend(&text, "<|im_start|>", role, "\n", content, "<|im_end|>\n");
    }
  }
  text += is_llama3_ ? "<|start_header_id|>assistant<|end_header_id|>" : "<|im_start|>";
  return text;
}

std::string ChatTemplate::RenderResponse(absl::string_view response) const {
  return is_llama3_ ? absl::StrCat("\n\n", Content(response), "<|eot_id|>")
                    : absl::StrCat("assistant\n", Content(response), "<|im_end|>\n");
}

}  // namespace assay
