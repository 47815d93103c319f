#include "client/commands/contact.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr absl::Duration kContactTimeout = absl::Seconds(5);

std::string Sentence(const absl::Status& status, const std::string& address) {
  const char* advice =
      "Start one with `assay-server`, or name another address with --address or in ASSAY_ADDRESS.";
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat("no server answers at ", address, ". ", advice, " (", status.message(),
                          ")");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", address, " within ", Span(kContactTimeout), ". ",
                          advice);
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the server at ", address,
                          " is no Assay server: it does not know assay.v1.RewardService.");
    default:
      return absl::StrCat("the server at ", address, " answered ", status.ToString());
  }
}

}  // namespace

absl::StatusOr<Contact> ReachServer(const std::string& address) {
  Contact contact;
  ASSAY_ASSIGN_OR_RETURN(contact.client, RewardClient::Connect(address));
  absl::StatusOr<ModelInfo> model = contact.client->GetModel(kContactTimeout);
  if (!model.ok()) return absl::Status(model.status().code(), Sentence(model.status(), address));
  contact.model = *std::move(model);
  return contact;
}

int Fail(const Streams& streams, const absl::Status& status) {
  *streams.err << "assay: " << status.message() << std::endl;
  return kExitFailed;
}

}  // namespace assay::client
