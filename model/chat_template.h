// model/chat_template.h
// A conversation to the exact text that the model was trained on. Two families are known, Llama 3's and ChatML, each in
// the variants that published checkpoints carry; a checkpoint's own template is recognised among them, never guessed.
// Thread-safe: const after construction.
#ifndef ASSAY_MODEL_CHAT_TEMPLATE_H_
#define ASSAY_MODEL_CHAT_TEMPLATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/types.h"

namespace assay {

// What the variants differ in.
struct ChatFormat {
  std::string name = "";   // "llama3" or "chatml".
  bool trims = true;       // Contents lose the white space at both ends, as by Python's str.strip.
  bool needs_bos = false;  // The begin-of-text token stands before the first message.
  // A whole system turn, put first where the conversation does not begin with one. Empty: none.
  std::string default_system = "";
};

class ChatTemplate {
 public:
  // The variant that `jinja`, a checkpoint's template, is.
  //   UNIMPLEMENTED  none that is known.
  static absl::StatusOr<ChatFormat> Recognize(absl::string_view jinja);

  // The family's plain form: contents trimmed, no default system turn.
  //   INVALID_ARGUMENT  `name` is neither "llama3" nor "chatml".
  static absl::StatusOr<ChatFormat> ByName(absl::string_view name);

  // `bos` is the begin-of-text token's text; unused where the format does not need it.
  ChatTemplate(ChatFormat format, std::string bos);

  const std::string& name() const { return format_.name; }

  // The text of a conversation is RenderPrompt() + RenderResponse(). The cut is right after the last special token
  // before the response, boundary(), so that most tokenizers can encode the two apart.
  //   INVALID_ARGUMENT  a role other than system, user and assistant; the message names its place in `prompt`.
  absl::StatusOr<std::string> RenderPrompt(absl::Span<const Message> prompt) const;
  std::string RenderResponse(absl::string_view response) const;
  absl::string_view boundary() const;

 private:
  absl::string_view Content(absl::string_view content) const;

  const ChatFormat format_;
  const std::string bos_;
  const bool is_llama3_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_CHAT_TEMPLATE_H_
