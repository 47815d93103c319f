#include "client/row_input.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

// Size of the regular file at `path`; nullopt for anything else.
std::optional<int64_t> RegularFileBytes(const std::string& path) {
  struct stat info;
  if (path == "-" || stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return info.st_size;
}

// Standard input that is a file, not yet read from, by the path it has; else `path`.
std::string PathOf(const std::string& path) {
  constexpr char kStandardInput[] = "/dev/stdin";
  const bool is_fresh_file = path == "-" && RegularFileBytes(kStandardInput).has_value() &&
                             access(kStandardInput, R_OK) == 0 &&
                             lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
  return is_fresh_file ? kStandardInput : path;
}

absl::Status NoRows(const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(name, " has no rows: there is nothing to score"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowInput>> RowInput::Open(Options options) {
  options.path = PathOf(options.path);
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<JsonlReader> reader, JsonlReader::Open(options.path));
  const std::optional<int64_t> bytes = RegularFileBytes(options.path);
  if (options.shard.has_value() && !bytes.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(reader->name(),
                     " is no regular file, so its rows cannot be counted and cut into shards: "
                     "write them to a file first"));
  }
  return std::unique_ptr<RowInput>(new RowInput(std::move(options), std::move(reader), bytes));
}

absl::Status RowInput::Count(const std::function<void(int64_t rows)>& on_rows) {
  if (!bytes_.has_value()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader,
                         JsonlReader::Open(options_.path));
  int64_t rows = 0;
  bool ended = false;
  while (!ended && (options_.limit == 0 || rows < options_.limit)) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    ended = !line.has_value();
    if (!ended && ++rows % kRowsATime == 0 && on_rows) on_rows(rows);
  }
  if (rows == 0) return NoRows(name());
  range_ = RowsOf(options_.shard.value_or(Shard()), rows);
  range_ends_input_ = ended && range_->end == rows;
  total_ = range_->size();
  return absl::OkStatus();
}

absl::Status RowInput::Skip(int64_t rows) {
  for (int64_t i = 0; i < rows; ++i) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<Row> row, Next());
    if (row.has_value()) continue;
    error_ = absl::FailedPreconditionError(absl::StrCat(name(), " has only ", i, " rows of the ",
                                                        rows, " that an earlier run has done"));
    return error_;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RowInput::Row>> RowInput::Next() {
  if (!error_.ok()) return error_;
  while (true) {
    const bool is_over =
        range_.has_value() ? next_ == range_->end : options_.limit > 0 && next_ == options_.limit;
    if (is_over) return End();
    ASSAY_ASSIGN_OR_RETURN(std::optional<std::string> line, reader_->Next());
    if (!line.has_value()) {
      if (next_ == 0) error_ = NoRows(name());
      if (range_.has_value()) error_ = Changed();
      if (!error_.ok()) return error_;
      return std::nullopt;
    }
    if (next_++ < (range_.has_value() ? range_->begin : 0)) continue;
    return Row{*std::move(line), reader_->line_number()};
  }
}

absl::StatusOr<std::optional<RowInput::Row>> RowInput::End() {
  if (!range_ends_input_) return std::nullopt;
  range_ends_input_ = false;  // Looked at once.
  ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader_->Next());
  if (!line.has_value()) return std::nullopt;
  error_ = Changed();
  return error_;
}

absl::Status RowInput::Changed() const {
  return absl::DataLossError(
      absl::StrCat(name(), " changed while it was read: its rows are no longer those counted"));
}

}  // namespace assay::client
