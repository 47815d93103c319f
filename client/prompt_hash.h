// client/prompt_hash.h
// The hash by which equal prompts find the same replica. Pure; the same on every machine, so that
// whoever speaks to a fleet can compute it.
#ifndef ASSAY_CLIENT_PROMPT_HASH_H_
#define ASSAY_CLIENT_PROMPT_HASH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/types.h"

namespace assay::client {

// The metadata that carries it, as PromptHashText(), with each call that has one.
inline constexpr char kPromptHashMetadata[] = "assay-prompt-hash";

// FNV-1a, 64 bits, over the prompt's messages in their order: of each the role, then the content,
// each with its length in bytes before it (8 bytes, the lowest first). Responses and options do not
// count: requests with one prompt share its computation, whatever else they ask.
uint64_t PromptHash(const std::vector<Message>& prompt);

// 16 hexadecimal digits, in lower case.
std::string PromptHashText(uint64_t hash);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_PROMPT_HASH_H_
