// base/jsonl_reader.h
// Reads a file of JSON lines, plain or gzip (told apart by content, not by name), one line at a
// time, so that a file of any size takes the memory of one line. Does not parse the lines: what a
// row means is its reader's business. Not thread-safe. Owns the open file.
#ifndef ASSAY_BASE_JSONL_READER_H_
#define ASSAY_BASE_JSONL_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct gzFile_s;  // zlib's open file.

namespace assay {

class JsonlReader {
 public:
  // Longest line, in bytes after decompression.
  static constexpr size_t kMaxLineBytes = 64 << 20;

  // Opens `path`; "-" is standard input. Nothing is read yet.
  //   NOT_FOUND         no such file.
  //   INVALID_ARGUMENT  a folder.
  //   PERMISSION_DENIED, UNKNOWN  as the system says.
  static absl::StatusOr<std::unique_ptr<JsonlReader>> Open(const std::string& path);

  ~JsonlReader();
  JsonlReader(const JsonlReader&) = delete;
  JsonlReader& operator=(const JsonlReader&) = delete;

  // The next line that is not blank, without its line end (LF or CR LF; the last line needs none);
  // nullopt at the end of the file. An error names the file and the line, and is returned again by
  // every later call.
  //   DATA_LOSS         the gzip data are damaged or end early, or the file cannot be read.
  //   INVALID_ARGUMENT  a line longer than kMaxLineBytes.
  absl::StatusOr<std::optional<std::string>> Next();

  // Number of the line that Next() returned last, blank lines counted; 1 is the first, 0 before
  // any.
  int64_t line_number() const { return line_number_; }

  // As given to Open(), or "standard input".
  const std::string& name() const { return name_; }

 private:
  JsonlReader(std::string name, gzFile_s* file) : name_(std::move(name)), file_(file) {}
  // The next line as it is in the file; nullopt at its end.
  absl::StatusOr<std::optional<std::string>> NextRawLine();
  // Refills chunk_; leaves it empty at the end of the file.
  absl::Status ReadChunk();
  absl::Status Fail(absl::StatusCode code, const std::string& what);

  const std::string name_;
  gzFile_s* const file_;  // Owned.
  int64_t line_number_ = 0;
  std::string chunk_;
  size_t chunk_at_ = 0;  // First byte of chunk_ that no line has taken.
  absl::Status error_;   // What ended the reading.
};

}  // namespace assay

#endif  // ASSAY_BASE_JSONL_READER_H_
