// client/text_file.h
// Small files that are there whole or not at all.
#ifndef ASSAY_CLIENT_TEXT_FILE_H_
#define ASSAY_CLIENT_TEXT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace assay::client {

// Puts `text` in the file at `path`, in the place of what is there; whoever reads it meanwhile sees
// the one or the other. The error names the file: as the system says, or DATA_LOSS for a disk that
// is full.
absl::Status WriteTextFile(const std::string& path, absl::string_view text);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TEXT_FILE_H_
