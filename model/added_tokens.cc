#include "model/added_tokens.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/unicode.h"

namespace assay {
namespace {

bool EndsWithWord(absl::string_view text) {
  size_t at = text.size();
  while (at > 0 && (static_cast<uint8_t>(text[--at]) & 0xC0) == 0x80) {
  }
  return !text.empty() && IsWordCharacter(DecodeUtf8(text.substr(at)).rune);
}

bool BeginsWithWord(absl::string_view text) {
  return !text.empty() && IsWordCharacter(DecodeUtf8(text).rune);
}

// Where the white space at the end of `text` begins.
size_t BeginOfTrailingSpace(absl::string_view text) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t at = begin;
    while (at > 0 && (static_cast<uint8_t>(text[--at]) & 0xC0) == 0x80) {
    }
    if (!IsWhiteSpace(DecodeUtf8(text.substr(at)).rune)) break;
    begin = at;
  }
  return begin;
}

// Bytes of the white space that `text` begins with.
size_t LeadingSpace(absl::string_view text) {
  size_t bytes = 0;
  for (DecodedRune rune = DecodeUtf8(text); rune.bytes > 0 && IsWhiteSpace(rune.rune);
       rune = DecodeUtf8(text.substr(bytes))) {
    bytes += rune.bytes;
  }
  return bytes;
}

// True where an end of `left`, not all of it, is a beginning of `right`, not all of it: they can overlap in a text.
bool CanOverlap(absl::string_view left, absl::string_view right) {
  for (size_t bytes = 1; bytes < std::min(left.size(), right.size()); ++bytes) {
    if (absl::EndsWith(left, right.substr(0, bytes))) return true;
  }
  return false;
}

}  // namespace

AddedTokens::Trie::Trie() : values_(1, -1) {}

bool AddedTokens::Trie::Add(absl::string_view text, int32_t value) {
  if (text.empty()) return false;
  begins_[static_cast<uint8_t>(text[0])] = true;
  int32_t node = 0;
  for (const char c : text) {
    const uint64_t edge = static_cast<uint64_t>(node) << 8 | static_cast<uint8_t>(c);
    const auto [found, fresh] = edges_.try_emplace(edge, static_cast<int32_t>(values_.size()));
    if (fresh) values_.push_back(-1);
    node = found->second;
  }
  if (values_[node] >= 0) return false;
  values_[node] = value;
  return true;
}

void AddedTokens::Trie::Longest(absl::string_view text, int32_t* value, size_t* bytes) const {
  *value = -1;
  *bytes = 0;
  int32_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto found =
        edges_.find(static_cast<uint64_t>(node) << 8 | static_cast<uint8_t>(text[i]));
    if (found == edges_.end()) return;
    node = found->second;
    if (values_[node] < 0) continue;
    *value = values_[node];
    *bytes = i + 1;
  }
}

absl::StatusOr<AddedTokens> AddedTokens::Create(const Json* json, const Bpe& bpe,
                                                const Normalizer& normalizer) {
  AddedTokens added;
  if (json == nullptr) return added;
  if (!json->is_array()) return absl::DataLossError("added_tokens: not an array");
  if (bpe.vocab_size() + static_cast<int64_t>(json->size()) >=
      std::numeric_limits<TokenId>::max()) {
    return absl::DataLossError("added_tokens: too many");
  }
  TokenId next_id = static_cast<TokenId>(bpe.vocab_size());
  for (size_t i = 0; i < json->size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const JsonFields fields,
                           JsonFields::Of((*json)[i], absl::StrCat("added_tokens[", i, "]")));
    ASSAY_RETURN_IF_ERROR(added.Add(fields, bpe, normalizer, &next_id));
  }
  return added;
}

absl::Status AddedTokens::Add(const JsonFields& fields, const Bpe& bpe,
                              const Normalizer& normalizer, TokenId* next_id) {
  AddedToken token;
  ASSAY_ASSIGN_OR_RETURN(token.content, fields.String("content"));
  ASSAY_ASSIGN_OR_RETURN(const int64_t id,
                         fields.Integer("id", 0, std::numeric_limits<TokenId>::max() - 1));
  ASSAY_ASSIGN_OR_RETURN(token.single_word, fields.Bool("single_word"));
  ASSAY_ASSIGN_OR_RETURN(token.lstrip, fields.Bool("lstrip"));
  ASSAY_ASSIGN_OR_RETURN(token.rstrip, fields.Bool("rstrip"));
  ASSAY_ASSIGN_OR_RETURN(token.normalized, fields.Bool("normalized"));
  if (token.content.empty()) {
    return absl::DataLossError(absl::StrCat(fields.PathOf("content"), ": empty"));
  }
  const int32_t index = static_cast<int32_t>(tokens_.size());
  if (!by_content_.emplace(token.content, index).second) {
    return absl::DataLossError(absl::StrCat(fields.PathOf("content"), ": there twice"));
  }
  const std::optional<TokenId> known = bpe.TokenToId(token.content);
  token.id = known ? *known : *next_id;
  if (token.id != id) {
    return absl::DataLossError(absl::StrCat(fields.PathOf("id"), ": ", id, ", but the token is ",
                                            token.id, known ? " in" : " after", " model.vocab"));
  }
  *next_id = std::max(*next_id, static_cast<TokenId>(token.id + 1));
  std::string searched = token.content;
  if (token.normalized) normalizer.Apply(token.content, &searched);
  if (!(token.normalized ? normalized_ : plain_).Add(searched, index)) {
    return absl::UnimplementedError(absl::StrCat(
        fields.PathOf("content"), ": its normal form is empty, or another token's too"));
  }
  tokens_.push_back(std::move(token));
  return absl::OkStatus();
}

void AddedTokens::Split(absl::string_view text, std::vector<Segment>* segments) const {
  SplitBy(plain_, text, segments);
}

void AddedTokens::SplitNormalized(absl::string_view text, std::vector<Segment>* segments) const {
  SplitBy(normalized_, text, segments);
}

// The rules, in their order, are those of tokenizers, added_vocabulary.rs, find_matches.
void AddedTokens::SplitBy(const Trie& trie, absl::string_view text,
                          std::vector<Segment>* segments) const {
  segments->clear();
  size_t done = 0;  // Bytes that belong to a segment already.
  for (size_t at = trie.empty() ? text.size() : 0; at < text.size();) {
    int32_t index = -1;
    size_t bytes = 0;
    if (trie.MayBegin(text[at])) trie.Longest(text.substr(at), &index, &bytes);
    if (index < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[index];
    size_t begin = at;
    size_t end = at + bytes;
    at = end;
    if (token.single_word &&
        (EndsWithWord(text.substr(0, begin)) || BeginsWithWord(text.substr(end)))) {
      continue;
    }
    if (token.lstrip) begin = std::max(BeginOfTrailingSpace(text.substr(0, begin)), done);
    if (token.rstrip) end += LeadingSpace(text.substr(end));
    if (done < begin) segments->push_back({text.substr(done, begin - done), -1});
    segments->push_back({text.substr(begin, end - begin), token.id});
    done = end;
  }
  if (done < text.size()) segments->push_back({text.substr(done), -1});
}

const AddedToken* AddedTokens::Find(absl::string_view content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

bool AddedTokens::IsHardBoundary(absl::string_view content) const {
  const AddedToken* boundary = Find(content);
  if (boundary == nullptr || boundary->normalized || boundary->single_word || boundary->lstrip ||
      boundary->rstrip) {
    return false;
  }
  for (const AddedToken& other : tokens_) {
    // A token that asks for its neighbours sees across the boundary.
    if (other.single_word) return false;
    // Nothing may take a part of an occurrence and more. One that lies within it loses: it begins later, or is shorter.
    if (CanOverlap(other.content, content) || CanOverlap(content, other.content)) return false;
    if (other.content != content && absl::StrContains(other.content, content)) return false;
  }
  return true;
}

}  // namespace assay
