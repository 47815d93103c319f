// model/mapped_file.h
// A whole file as read-only bytes, mapped: nothing is read before it is touched, and several models share the pages.
// Thread-safe: const after construction. Views of bytes() must not outlive the MappedFile. The file must not shrink while
// it is mapped (the system answers with SIGBUS): replace a checkpoint by renaming, not by writing over it.
#ifndef ASSAY_MODEL_MAPPED_FILE_H_
#define ASSAY_MODEL_MAPPED_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

class MappedFile {
 public:
  // Errors name the path.
  //   NOT_FOUND  no such file.
  //   DATA_LOSS  not a regular file, or it cannot be opened or mapped.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Gives the whole pages inside `part`, a part of a mapping, back to the system; they are read again when touched.
  static void ReleasePages(absl::string_view part);

  // Begins at a page boundary; empty for an empty file.
  absl::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  const absl::string_view bytes_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_MAPPED_FILE_H_
