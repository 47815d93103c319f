#include "model/tokenizer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/json_fields.h"

namespace assay {
namespace {

constexpr int kMaxDepth = 8;

// OK for those that without special tokens leave the ids as they are.
absl::Status CheckPostProcessor(const JsonFields& fields, int depth) {
  ASSAY_ASSIGN_OR_RETURN(const std::string type, fields.String("type"));
  if (type == "ByteLevel" || type == "TemplateProcessing") return absl::OkStatus();
  if (type != "Sequence" || depth == kMaxDepth) {
    return absl::UnimplementedError(
        absl::StrCat(fields.PathOf("type"), ": ", absl::CHexEscape(type)));
  }
  ASSAY_ASSIGN_OR_RETURN(const Json* parts, fields.Array("processors"));
  for (size_t i = 0; i < parts->size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(
        const JsonFields part,
        JsonFields::Of((*parts)[i], absl::StrCat(fields.PathOf("processors"), "[", i, "]")));
    ASSAY_RETURN_IF_ERROR(CheckPostProcessor(part, depth + 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Create(absl::string_view tokenizer_json) {
  ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(tokenizer_json, "tokenizer.json"));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields file, JsonFields::Of(document, ""));
  ASSAY_ASSIGN_OR_RETURN(Normalizer normalizer, Normalizer::Create(file.Find("normalizer")));
  if (file.Has("post_processor")) {
    ASSAY_ASSIGN_OR_RETURN(const JsonFields post_processor, file.Object("post_processor"));
    ASSAY_RETURN_IF_ERROR(CheckPostProcessor(post_processor, 0));
  }
  ASSAY_ASSIGN_OR_RETURN(PreTokenizer pre_tokenizer,
                         PreTokenizer::Create(file.Find("pre_tokenizer")));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields model, file.Object("model"));
  ASSAY_ASSIGN_OR_RETURN(
      Bpe bpe, Bpe::Create(model, pre_tokenizer.is_byte_level() ? Bpe::Symbols::kBytes
                                                                : Bpe::Symbols::kCharacters));
  ASSAY_ASSIGN_OR_RETURN(AddedTokens added_tokens,
                         AddedTokens::Create(file.Find("added_tokens"), bpe, normalizer));
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(added_tokens), std::move(normalizer),
                                                  std::move(pre_tokenizer), std::move(bpe)));
}

Tokenizer::Tokenizer(AddedTokens added_tokens, Normalizer normalizer, PreTokenizer pre_tokenizer,
                     Bpe bpe)
    : added_tokens_(std::move(added_tokens)),
      normalizer_(std::move(normalizer)),
      pre_tokenizer_(std::move(pre_tokenizer)),
      bpe_(std::move(bpe)),
      vocab_size_(bpe_.vocab_size()) {
  for (const AddedToken& token : added_tokens_.tokens()) {
    if (!bpe_.TokenToId(token.content)) ++vocab_size_;
  }
}

absl::StatusOr<TokenIds> Tokenizer::Encode(absl::string_view text) const {
  if (const size_t bad = FindInvalidUtf8(text); bad != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("not UTF-8 at byte ", bad));
  }
  TokenIds ids;
  ids.reserve(text.size() / 3);
  std::vector<Segment> segments;
  added_tokens_.Split(text, &segments);
  Scratch scratch;
  for (const Segment& segment : segments) {
    if (segment.added_id >= 0) {
      ids.push_back(segment.added_id);
    } else {
      ASSAY_RETURN_IF_ERROR(EncodeSegment(segment.text, &scratch, &ids));
    }
  }
  return ids;
}

absl::Status Tokenizer::EncodeSegment(absl::string_view text, Scratch* scratch,
                                      TokenIds* ids) const {
  if (!normalizer_.is_identity()) {
    normalizer_.Apply(text, &scratch->normal_form);
    text = scratch->normal_form;
  }
  added_tokens_.SplitNormalized(text, &scratch->segments);
  for (const Segment& segment : scratch->segments) {
    if (segment.added_id >= 0) {
      ids->push_back(segment.added_id);
      continue;
    }
    ASSAY_RETURN_IF_ERROR(pre_tokenizer_.Split(segment.text, &scratch->pieces));
    for (const absl::string_view piece : scratch->pieces.views) bpe_.Encode(piece, ids);
  }
  return absl::OkStatus();
}

std::optional<TokenId> Tokenizer::TokenToId(absl::string_view token) const {
  const AddedToken* added = added_tokens_.Find(token);
  return added != nullptr ? std::make_optional(added->id) : bpe_.TokenToId(token);
}

}  // namespace assay
