// model/checkpoint_encoder.h
// The text half of a checkpoint folder, ready to use: reads tokenizer.json, tokenizer_config.json and the chat template,
// and builds the ConversationEncoder from them.
#ifndef ASSAY_MODEL_CHECKPOINT_ENCODER_H_
#define ASSAY_MODEL_CHECKPOINT_ENCODER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/conversation_encoder.h"
#include "model/model_config.h"

namespace assay {

struct TextOptions {
  // "auto": the checkpoint's own, which must be one that chat_template.h knows. "llama3" or "chatml": that one.
  std::string chat_template = "auto";
};

struct LoadedText {
  std::unique_ptr<ConversationEncoder> encoder;
  std::string tokenizer_hash;  // SHA-256 of tokenizer.json, in hex.
  std::string
      template_hash;  // SHA-256 of the chat template's text, in hex; of its name where TextOptions chose it.
  std::string template_name;  // "llama3" or "chatml".
};

// Reads the files of `folder`, in Hugging Face's layout. chat_template.jinja, where it exists, is the template and not
// tokenizer_config.json's chat_template, as in transformers.
//   NOT_FOUND         a file is not there; named.
//   DATA_LOSS         a file is unreadable or damaged, or a key in it; named.
//   UNIMPLEMENTED     a tokenizer or template that this build does not know, or no template at all.
//   INVALID_ARGUMENT  options.chat_template is none of its values.
absl::StatusOr<LoadedText> LoadText(const std::string& folder, const ModelConfig& config,
                                    const TextOptions& options);

}  // namespace assay

#endif  // ASSAY_MODEL_CHECKPOINT_ENCODER_H_
