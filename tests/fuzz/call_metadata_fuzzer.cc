// Any bytes as a call's metadata, a line "NAME VALUE" a pair: an error with one of the three codes, or a context that keeps the
// rules of its fields; and no tenant but the token's own.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/call_metadata.h"
#include "server/tenant_name.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireSense(const assay::CallContext& context) {
  Require(assay::IsTenantName(context.tenant));
  Require(!context.request_id.empty() && context.request_id.size() <= 128);
  Require(std::all_of(context.request_id.begin(), context.request_id.end(),
                      [](char c) { return ' ' <= c && c <= '~'; }));
  Require(context.trace_id.empty() == context.span_id.empty());
  Require(context.trace_id.empty() ||
          (context.trace_id.size() == 32 && context.span_id.size() == 16));
  Require((context.trace_id + context.span_id).find_first_not_of("0123456789abcdef") ==
          std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The SHA-256 of "r".
  static const assay::TokenFile* const tokens = new assay::TokenFile(*assay::TokenFile::Parse(
      "red 454349e422f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a1", "f"));
  std::vector<assay::MetadataPair> metadata;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(reinterpret_cast<const char*>(data), size), '\n')) {
    metadata.push_back(absl::StrSplit(line, absl::MaxSplits(' ', 1)));
  }
  const auto open = assay::ReadCallMetadata(metadata, nullptr);
  if (open.ok()) RequireSense(*open);
  Require(open.ok() || open.status().code() == absl::StatusCode::kInvalidArgument);

  const auto guarded = assay::ReadCallMetadata(metadata, tokens);
  if (guarded.ok()) {
    RequireSense(*guarded);
    Require(guarded->tenant == "red");
    Require(std::count_if(metadata.begin(), metadata.end(), [](const auto& pair) {
              return pair.first == "authorization" && pair.second.size() == 8 &&
                     pair.second.substr(7) == "r";
            }) == 1);
  } else {
    const absl::StatusCode code = guarded.status().code();
    Require(code == absl::StatusCode::kInvalidArgument ||
            code == absl::StatusCode::kUnauthenticated ||
            code == absl::StatusCode::kPermissionDenied);
  }
  return 0;
}
