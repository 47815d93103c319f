// Any bytes as a chat template, and as a tokenizer_config.json: an error, or a template that renders.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "model/chat_template.h"
#include "model/chat_template_source.h"

namespace {

void Recognize(absl::string_view jinja) {
  const auto format = assay::ChatTemplate::Recognize(jinja);
  if (!format.ok()) return;
  const assay::ChatTemplate chat_template(*format, "<s>");
  const auto prompt = chat_template.RenderPrompt({{"user", " a "}});
  if (!prompt.ok() || !absl::EndsWith(*prompt, chat_template.boundary())) std::abort();
  chat_template.RenderResponse(" b ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  Recognize(text);
  const auto source = assay::ReadTokenizerConfig(text);
  if (source.ok() && source->jinja.has_value()) Recognize(*source->jinja);
  return 0;
}
