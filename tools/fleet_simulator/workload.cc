#include "tools/fleet_simulator/workload.h"

#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay::fleet {

absl::StatusOr<std::vector<LengthRow>> ReadLengths(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  std::vector<LengthRow> rows;
  std::string line;
  for (int64_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<int64_t> lengths;
    for (const absl::string_view cell : absl::StrSplit(line, '\t')) {
      int64_t length = 0;
      if (!absl::SimpleAtoi(cell, &length) || length < 1) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ", line ", number, ": not a length above 0: ", cell));
      }
      lengths.push_back(length);
    }
    if (lengths.size() < 2) {
      return absl::InvalidArgumentError(absl::StrCat(path, ", line ", number, ": no response"));
    }
    rows.push_back({lengths[0], {lengths.begin() + 1, lengths.end()}});
  }
  if (rows.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " holds no lengths"));
  return rows;
}

GroupRequest Workload::Next() {
  GroupRequest request;
  if (options_.in_order && !table_.empty()) {
    const LengthRow& row = table_[next_row_++ % table_.size()];
    request.prompt_tokens = row.prompt_tokens;
    request.response_tokens = row.response_tokens;
  } else {
    Draw(&request);
  }
  if (!options_.share_prompts) {
    for (int64_t& tokens : request.response_tokens) tokens += request.prompt_tokens;
    request.prompt_tokens = 0;
  }
  if (options_.tenants > 1) {
    request.flow.tenant = absl::StrCat("tenant-", random_() % options_.tenants);
  }
  return request;
}

void Workload::Draw(GroupRequest* request) {
  request->prompt_tokens = table_.empty() ? options_.prompt_tokens : AnyRow().prompt_tokens;
  for (int64_t i = 0; i < options_.responses; ++i) {
    int64_t own = options_.response_tokens;
    if (!table_.empty()) {
      const std::vector<int64_t>& lengths = AnyRow().response_tokens;
      own = lengths[random_() % lengths.size()];
    }
    request->response_tokens.push_back(own);
  }
}

}  // namespace assay::fleet
