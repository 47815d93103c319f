#include "client/commands/contact.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr absl::Duration kContactTimeout = absl::Seconds(5);
constexpr char kStartOne[] =
    "Start one with `assay-server`, or name another address with --address or in ASSAY_ADDRESS.";

// What to do about a connection that gRPC could not make. It tells the reason in words alone; where
// they are not known, the whole of them is shown.
std::string Unreachable(absl::string_view why, const std::string& address,
                        const ConnectionOptions& connection) {
  const std::string server = absl::StrCat("the server at ", address);
  if (absl::StrContains(why, "certificate verify failed")) {
    return absl::StrCat(server, " shows a certificate that ", connection.tls_ca,
                        " does not vouch for, or that has expired: name the file of its authority "
                        "with --tls-ca, or have the server's certificate renewed.");
  }
  if (absl::StrContains(why, "Peer name")) {
    return absl::StrCat(server,
                        " shows a certificate for another name: use the name that is in it, or say "
                        "it with --tls-server-name.");
  }
  if (absl::StrContains(why, "wrong version number")) {
    return absl::StrCat(server,
                        " does not speak TLS: leave --tls-ca away, or give the server "
                        "--tls-certificate and --tls-key.");
  }
  if (absl::StrContains(why, "closed") || absl::StrContains(why, "reset") ||
      absl::StrContains(why, "alert")) {
    return absl::StrCat(
        server, " closed the connection unanswered: ",
        connection.tls_ca.empty() ? "if it speaks TLS, name its authority's file with --tls-ca."
        : connection.tls_certificate.empty()
            ? "if it asks for a certificate, show one with --tls-certificate and --tls-key."
            : "it may not accept the certificate in --tls-certificate, which must be of its "
              "--tls-client-ca and not expired.");
  }
  return absl::StrCat("no server answers at ", address, ". ", kStartOne, " (", why, ")");
}

std::string Sentence(const absl::Status& status, const std::string& address,
                     const ConnectionOptions& connection) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return Unreachable(status.message(), address, connection);
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", address, " within ", Span(kContactTimeout), ". ",
                          kStartOne);
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the server at ", address,
                          " is no Assay server: it does not know assay.v1.RewardService.");
    case absl::StatusCode::kUnauthenticated:
      return absl::StrCat(
          "the server at ", address,
          connection.token.empty()
              ? " asks for a token: name the file that holds one with --token-file, or set "
                "ASSAY_TOKEN."
              : " does not know this token, which was mistyped, replaced or withdrawn: get a new "
                "one from whoever runs the server, for --token-file or ASSAY_TOKEN.");
    case absl::StatusCode::kPermissionDenied:
      return absl::StrCat("the server at ", address, " knows this token as another tenant's than ",
                          connection.tenant, ": use that tenant's token, or leave --tenant away.");
    default:
      return absl::StrCat("the server at ", address, " answered ", status.ToString());
  }
}

}  // namespace

absl::StatusOr<Contact> ReachServer(const std::string& address, const ConnectionFlags& connection) {
  Contact contact;
  ClientOptions options;
  ASSAY_ASSIGN_OR_RETURN(options.connection, connection.WithToken());
  ASSAY_ASSIGN_OR_RETURN(contact.client, RewardClient::Connect(address, options));
  absl::StatusOr<ModelInfo> model = contact.client->GetModel(kContactTimeout);
  if (!model.ok())
    return absl::Status(model.status().code(),
                        Sentence(model.status(), address, options.connection));
  contact.model = *std::move(model);
  return contact;
}

int Fail(const Streams& streams, const absl::Status& status) {
  *streams.err << "assay: " << status.message() << std::endl;
  return kExitFailed;
}

}  // namespace assay::client
