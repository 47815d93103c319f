#include "base/jsonl_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JsonlReader>> JsonlReader::Open(const std::string& path) {
  const bool is_stdin = path == "-";
  // A copy of the descriptor, so that closing the reader leaves standard input open.
  const int fd = is_stdin ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::string name = is_stdin ? "standard input" : path;
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(name, " is a folder"));
  }
  gzFile file = gzdopen(fd, "rb");
  if (file == nullptr) {
    close(fd);
    return absl::ResourceExhaustedError(absl::StrCat("no memory to read ", name));
  }
  return absl::WrapUnique(new JsonlReader(name, file));
}

JsonlReader::~JsonlReader() { gzclose(file_); }

absl::StatusOr<std::optional<std::string>> JsonlReader::Next() {
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(std::optional<std::string> line, NextRawLine());
    if (!line.has_value()) return std::nullopt;
    if (IsBlank(*line)) continue;
    if (line->back() == '\r') line->pop_back();
    return line;
  }
}

absl::StatusOr<std::optional<std::string>> JsonlReader::NextRawLine() {
  if (!error_.ok()) return error_;
  std::string line;
  bool line_began = false;
  while (true) {
    if (chunk_at_ == chunk_.size()) ASSAY_RETURN_IF_ERROR(ReadChunk());
    if (chunk_.empty()) {
      if (!line_began) return std::nullopt;
      ++line_number_;
      return line;
    }
    line_began = true;
    const size_t newline = chunk_.find('\n', chunk_at_);
    const size_t end = newline == std::string::npos ? chunk_.size() : newline;
    if (line.size() + (end - chunk_at_) > kMaxLineBytes) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  absl::StrCat("longer than ", kMaxLineBytes, " bytes"));
    }
    line.append(chunk_, chunk_at_, end - chunk_at_);
    chunk_at_ = end;
    if (newline != std::string::npos) {
      ++chunk_at_;
      ++line_number_;
      return line;
    }
  }
}

absl::Status JsonlReader::ReadChunk() {
  chunk_.resize(kChunkBytes);
  chunk_at_ = 0;
  const int bytes = gzread(file_, chunk_.data(), kChunkBytes);
  chunk_.resize(bytes > 0 ? bytes : 0);
  if (bytes > 0) return absl::OkStatus();
  // A gzip file that ends early reads as a normal end; only the error state tells.
  int zlib_error = Z_OK;
  const char* message = gzerror(file_, &zlib_error);
  if (zlib_error == Z_OK || zlib_error == Z_STREAM_END) return absl::OkStatus();
  return Fail(absl::StatusCode::kDataLoss, absl::StrCat("cannot be read: ", message));
}

absl::Status JsonlReader::Fail(absl::StatusCode code, const std::string& what) {
  error_ = absl::Status(code, absl::StrCat(name_, ": line ", line_number_ + 1, ": ", what));
  return error_;
}

}  // namespace assay
