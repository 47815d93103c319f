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

bool IsEmptySequence(const JsonFields& fields, absl::string_view parts_key) {
  const Json* type = fields.Find("type");
  const Json* parts = fields.Find(parts_key);
  return type != nullptr && *type == "Sequence" && parts != nullptr && parts->is_array() &&
         parts->empty();
}

absl::Status CheckNormalizer(const JsonFields& file) {
  if (!file.Has("normalizer")) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const JsonFields normalizer, file.Object("normalizer"));
  if (IsEmptySequence(normalizer, "normalizers")) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const std::string type, normalizer.String("type"));
  return absl::UnimplementedError(absl::StrCat("normalizer.type: ", absl::CHexEscape(type)));
}

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
  ASSAY_RETURN_IF_ERROR(CheckNormalizer(file));
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
                         AddedTokens::Create(file.Find("added_tokens"), bpe));
  return std::unique_ptr<Tokenizer>(
      new Tokenizer(std::move(added_tokens), std::move(pre_tokenizer), std::move(bpe)));
}

Tokenizer::Tokenizer(AddedTokens added_tokens, PreTokenizer pre_tokenizer, Bpe bpe)
    : added_tokens_(std::move(added_tokens)),
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
  Pieces pieces;
  for (const Segment& segment : segments) {
    if (segment.added_id >= 0) {
      ids.push_back(segment.added_id);
      continue;
    }
    ASSAY_RETURN_IF_ERROR(pre_tokenizer_.Split(segment.text, &pieces));
    for (const absl::string_view piece : pieces.views) bpe_.Encode(piece, &ids);
  }
  return ids;
}

std::optional<TokenId> Tokenizer::TokenToId(absl::string_view token) const {
  const AddedToken* added = added_tokens_.Find(token);
  return added != nullptr ? std::make_optional(added->id) : bpe_.TokenToId(token);
}

}  // namespace assay
