#include "model/bpe.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/byte_spelling.h"

namespace assay {
namespace {

// Options of the section that change what a text encodes to, and that this build lacks.
absl::Status RefuseUnknownOptions(const JsonFields& model, Bpe::Symbols symbols) {
  ASSAY_ASSIGN_OR_RETURN(const std::string type, model.String("type"));
  if (type != "BPE") {
    return absl::UnimplementedError(
        absl::StrCat(model.PathOf("type"), ": ", absl::CHexEscape(type)));
  }
  std::vector<const char*> keys = {"dropout", "continuing_subword_prefix", "end_of_word_suffix"};
  // Published byte-level vocabularies hold every byte, so that nothing is unknown to them.
  if (symbols == Bpe::Symbols::kBytes) {
    keys.insert(keys.end(), {"unk_token", "fuse_unk", "byte_fallback"});
  }
  for (const char* key : keys) {
    const Json* value = model.Find(key);
    const bool is_off = value == nullptr || *value == false || *value == "";
    if (!is_off) return absl::UnimplementedError(absl::StrCat(model.PathOf(key), ": is set"));
  }
  return absl::OkStatus();
}

// Older files carry the first line of a merges.txt.
bool IsVersionLine(const Json& merge) {
  return merge.is_string() && absl::StartsWith(merge.get_ref<const std::string&>(), "#version");
}

// The two parts of a merge, "a b" or ["a", "b"]; empty where it is neither.
void ParseMerge(const Json& merge, absl::string_view* left, absl::string_view* right) {
  if (merge.is_string()) {
    const absl::string_view both = merge.get_ref<const std::string&>();
    const size_t space = both.find(' ');
    if (space == both.npos || both.find(' ', space + 1) != both.npos) return;
    *left = both.substr(0, space);
    *right = both.substr(space + 1);
  } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
             merge[1].is_string()) {
    *left = merge[0].get_ref<const std::string&>();
    *right = merge[1].get_ref<const std::string&>();
  }
}

// The only character of `text`; false where it is not one.
bool IsOneCharacter(absl::string_view text, char32_t* rune) {
  const DecodedRune decoded = DecodeUtf8(text);
  *rune = decoded.rune;
  return decoded.bytes > 0 && static_cast<size_t>(decoded.bytes) == text.size();
}

}  // namespace

absl::StatusOr<Bpe> Bpe::Create(const JsonFields& model, Symbols symbols) {
  ASSAY_RETURN_IF_ERROR(RefuseUnknownOptions(model, symbols));
  Bpe bpe(symbols);
  ASSAY_ASSIGN_OR_RETURN(bpe.ignore_merges_, model.BoolOr("ignore_merges", false));
  ASSAY_RETURN_IF_ERROR(bpe.ReadVocabulary(model));
  if (symbols == Symbols::kCharacters) ASSAY_RETURN_IF_ERROR(bpe.ReadUnknown(model));
  ASSAY_RETURN_IF_ERROR(bpe.ReadMerges(model));
  bpe.FindOwnEncodings();
  return bpe;
}

absl::Status Bpe::ReadVocabulary(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(const Json* vocab, model.Required("vocab"));
  const std::string path = model.PathOf("vocab");
  if (!vocab->is_object()) return absl::DataLossError(absl::StrCat(path, ": not an object"));
  tokens_.reserve(vocab->size());
  absl::flat_hash_set<TokenId> ids;
  ids.reserve(vocab->size());
  std::string bytes;
  for (const auto& [spelling, value] : vocab->items()) {
    ASSAY_ASSIGN_OR_RETURN(const int64_t wide_id,
                           ToInteger(value, path, 0, std::numeric_limits<TokenId>::max() - 1));
    const TokenId id = static_cast<TokenId>(wide_id);
    if (!ids.insert(id).second) {
      return absl::DataLossError(absl::StrCat(path, ": two tokens have the id ", id));
    }
    max_id_ = std::max(max_id_, id);
    if (symbols_ == Symbols::kCharacters) {
      tokens_.emplace(spelling, Token{id, false});
    } else if (SpellInBytes(spelling, &bytes)) {
      if (bytes.size() == 1) first_symbols_[static_cast<uint8_t>(bytes[0])] = id;
      tokens_.emplace(bytes, Token{id, false});
    } else {
      unspeakable_.emplace(spelling, id);
    }
  }
  return absl::OkStatus();
}

absl::Status Bpe::ReadUnknown(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(fuse_unknown_, model.BoolOr("fuse_unk", false));
  if (model.Has("unk_token")) {
    ASSAY_ASSIGN_OR_RETURN(const std::string token, model.String("unk_token"));
    const std::optional<TokenId> id = TokenToId(token);
    if (!id) {
      return absl::DataLossError(
          absl::StrCat(model.PathOf("unk_token"), ": not in the vocabulary"));
    }
    unknown_ = *id;
  }
  ASSAY_ASSIGN_OR_RETURN(const bool byte_fallback, model.BoolOr("byte_fallback", false));
  for (size_t byte = 0; byte_fallback && byte < fallback_.size(); ++byte) {
    fallback_[byte] = TokenToId(absl::StrFormat("<0x%02X>", byte)).value_or(-1);
  }
  return absl::OkStatus();
}

absl::Status Bpe::ReadMerges(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(const Json* merges, model.Array("merges"));
  if (merges->size() > MergeTable::kMaxRank) return absl::DataLossError("model.merges: too many");
  merges_.Reserve(merges->size());
  MergeBoundaries boundaries;
  // Where a character is left out, its neighbours meet.
  const bool leaves_out =
      unknown_ < 0 && std::find(fallback_.begin(), fallback_.end(), -1) != fallback_.end();
  bool merges_characters_only = symbols_ == Symbols::kCharacters && !leaves_out;
  const auto is_no_character = [this](TokenId id) {
    return id == unknown_ || std::find(fallback_.begin(), fallback_.end(), id) != fallback_.end();
  };
  for (size_t i = 0; i < merges->size(); ++i) {
    if (IsVersionLine((*merges)[i])) continue;
    absl::string_view left, right;
    ParseMerge((*merges)[i], &left, &right);
    const std::optional<TokenId> left_id = TokenToId(left);
    const std::optional<TokenId> right_id = TokenToId(right);
    const std::optional<TokenId> joined_id = TokenToId(absl::StrCat(left, right));
    if (left.empty() || right.empty() || !left_id || !right_id || !joined_id) {
      return absl::DataLossError(absl::StrCat(model.PathOf("merges"), "[", i,
                                              "]: not two tokens of the vocabulary whose joined "
                                              "text is a token too"));
    }
    merges_.Add(*left_id, *right_id, static_cast<int32_t>(i), *joined_id);
    merges_characters_only &= !is_no_character(*left_id) && !is_no_character(*right_id);
    if (merges_characters_only) boundaries.AddMerge(left, right);
  }
  if (!merges_characters_only) return absl::OkStatus();
  for (const auto& [text, token] : tokens_) {
    char32_t rune;
    if (token.id != unknown_ && IsOneCharacter(text, &rune)) boundaries.AddCharacter(rune);
  }
  boundaries_ = std::move(boundaries);
  return absl::OkStatus();
}

// Most parts of a text are whole tokens; knowing beforehand which of them the merges would yield saves merging.
void Bpe::FindOwnEncodings() {
  // Then every part is a piece, and was looked up.
  if (ignore_merges_ && symbols_ == Symbols::kBytes) return;
  TokenIds symbols;
  for (auto& [bytes, token] : tokens_) {
    symbols.clear();
    AppendFirstSymbols(bytes, &symbols);
    merges_.MergeAll(&symbols);
    token.is_own_encoding = symbols.size() == 1 && symbols[0] == token.id;
  }
}

std::optional<TokenId> Bpe::TokenToId(absl::string_view token) const {
  std::string bytes(token);
  if (symbols_ == Symbols::kBytes && !SpellInBytes(token, &bytes)) {
    const auto found = unspeakable_.find(token);
    return found == unspeakable_.end() ? std::nullopt : std::make_optional(found->second);
  }
  const auto found = tokens_.find(bytes);
  return found == tokens_.end() ? std::nullopt : std::make_optional(found->second.id);
}

void Bpe::Encode(absl::string_view piece, TokenIds* ids) const {
  if (ignore_merges_) {
    const auto whole = tokens_.find(piece);
    if (whole != tokens_.end()) {
      ids->push_back(whole->second.id);
      return;
    }
  }
  if (symbols_ == Symbols::kBytes) {
    EncodePart(piece, ids);
    return;
  }
  while (!piece.empty()) {
    const size_t bytes = boundaries_.FirstPart(piece);
    EncodePart(piece.substr(0, bytes), ids);
    piece.remove_prefix(bytes);
  }
}

void Bpe::EncodePart(absl::string_view part, TokenIds* ids) const {
  const auto whole = tokens_.find(part);
  if (whole != tokens_.end() && whole->second.is_own_encoding) {
    ids->push_back(whole->second.id);
    return;
  }
  TokenIds symbols;
  AppendFirstSymbols(part, &symbols);
  merges_.MergeAll(&symbols);
  ids->insert(ids->end(), symbols.begin(), symbols.end());
}

// The order is that of tokenizers, models/bpe/model.rs, merge_word: an unknown run that has begun waits for the next
// character of the vocabulary, and the bytes of a character that falls back go before it.
void Bpe::AppendFirstSymbols(absl::string_view part, TokenIds* symbols) const {
  symbols->reserve(part.size());
  if (symbols_ == Symbols::kBytes) {
    for (const char c : part) {
      const TokenId id = first_symbols_[static_cast<uint8_t>(c)];
      if (id >= 0) symbols->push_back(id);
    }
    return;
  }
  bool unknown_waits = false;
  const auto append_waiting = [&] {
    if (unknown_waits) symbols->push_back(unknown_);
    unknown_waits = false;
  };
  while (!part.empty()) {
    const absl::string_view character = part.substr(0, std::max(DecodeUtf8(part).bytes, 1));
    part.remove_prefix(character.size());
    const auto found = tokens_.find(character);
    if (found != tokens_.end()) {
      append_waiting();
      symbols->push_back(found->second.id);
    } else if (!AppendFallback(character, symbols) && unknown_ >= 0) {
      if (!fuse_unknown_) append_waiting();
      unknown_waits = true;
    }
  }
  append_waiting();
}

// False, and nothing appended, where a byte of `character` has no token.
bool Bpe::AppendFallback(absl::string_view character, TokenIds* symbols) const {
  const size_t before = symbols->size();
  for (const char c : character) {
    const TokenId id = fallback_[static_cast<uint8_t>(c)];
    if (id < 0) {
      symbols->resize(before);
      return false;
    }
    symbols->push_back(id);
  }
  return true;
}

}  // namespace assay
