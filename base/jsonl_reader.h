// base/jsonl_reader.h
// Reads a file of JSON lines, plain or gzip (told apart by content, not by name), one line at a
// time, so that a file of any size takes the memory of one line, and a line is there as soon as it
// has come through a pipe. Does not parse the lines: what a row means is its reader's business. Not
// thread-safe. Owns the open file.
#ifndef ASSAY_BASE_JSONL_READER_H_
#define ASSAY_BASE_JSONL_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct z_stream_s;  // zlib's state of a decompression.

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
  //   DATA_LOSS         the gzip data are damaged, end early, or are followed by something else; or
  //                     the file cannot be read.
  //   INVALID_ARGUMENT  a line longer than kMaxLineBytes.
  absl::StatusOr<std::optional<std::string>> Next();

  // Number of the line that Next() returned last, blank lines counted; 1 is the first, 0 before
  // any.
  int64_t line_number() const { return line_number_; }

  // As given to Open(), or "standard input".
  const std::string& name() const { return name_; }

 private:
  // What the file holds, told by its first bytes.
  enum class Form { kUnknown, kPlain, kGzip };

  JsonlReader(std::string name, int fd);
  // The next line as it is in the file; nullopt at its end.
  absl::StatusOr<std::optional<std::string>> NextRawLine();
  // Refills chunk_, waiting for no more than its first byte; leaves it empty at the end of the file.
  absl::Status ReadChunk();
  absl::Status ReadGzipChunk();
  // Reads what has come, kChunkBytes at most, to `at`; waits while nothing has. 0 at the end of the
  // file.
  absl::StatusOr<size_t> ReadSome(char* at);
  absl::Status BeginGzip(size_t bytes);
  absl::Status Fail(absl::StatusCode code, const std::string& what);

  const std::string name_;
  const int fd_;  // Owned.
  int64_t line_number_ = 0;
  std::string buffer_;      // Holds chunk_.
  std::string_view chunk_;  // What no line has taken.
  absl::Status error_;      // What ended the reading.

  Form form_ = Form::kUnknown;
  // Of gzip data.
  std::string packed_;                // Where zlib_ reads.
  std::unique_ptr<z_stream_s> zlib_;  // Null unless form_ is kGzip.
  bool member_is_open_ = false;       // Begun, and its end not yet read.
};

}  // namespace assay

#endif  // ASSAY_BASE_JSONL_READER_H_
