#include "client/load_texts.h"

#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "client/score_rows.h"

namespace assay::client {
namespace {

std::string Words(int64_t bytes, std::mt19937_64* random) {
  std::string text(bytes, ' ');
  int64_t word_end = 0;
  for (int64_t i = 0; i < bytes; ++i) {
    if (i == word_end) {
      word_end = i + 3 + static_cast<int64_t>((*random)() % 7);
      if (i > 0) continue;  // A space.
    }
    text[i] = static_cast<char>('a' + (*random)() % 26);
  }
  return text;
}

}  // namespace

ScoreRequest SyntheticRequest(const SyntheticTexts& texts, int64_t index) {
  std::seed_seq seed = {static_cast<uint32_t>(texts.seed), static_cast<uint32_t>(texts.seed >> 32),
                        static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)};
  std::mt19937_64 random(seed);
  ScoreRequest request;
  request.prompt = {{"user", Words(texts.prompt_bytes, &random)}};
  for (int64_t i = 0; i < texts.responses; ++i) {
    request.responses.push_back(Words(texts.response_bytes, &random));
  }
  return request;
}

absl::StatusOr<std::vector<ScoreRequest>> ReadLoadRows(const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path));
  std::vector<ScoreRequest> requests;
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) break;
    const absl::StatusOr<Json> fields = ParseJsonObject(*line);
    absl::StatusOr<ScoreRow> row = fields.ok() ? ScoreRowOf(*fields) : fields.status();
    if (!row.ok()) {
      return absl::Status(row.status().code(),
                          absl::StrCat(reader->name(), ", line ", reader->line_number(), ": ",
                                       row.status().message()));
    }
    requests.push_back({.prompt = std::move(row->prompt), .responses = std::move(row->responses)});
  }
  if (requests.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " holds no row"));
  return requests;
}

}  // namespace assay::client
