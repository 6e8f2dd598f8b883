/* A PKCS#11 module in front of another: passes everything on to the module in KOKUIN_FAULTY_MODULE, and shows the fault whose name is in the file
 * KOKUIN_FAULTY_FILE. Only what the back end calls on its way to a signature is watched. Without file or name: no fault.
 * "swapped N" puts the token of slot N in the place of the others. Each C_Sign that asks for a signature is counted by an octet in the file beside it whose name ends in .count. */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST real, ours;
static int loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What the file says now: a fault's name, and the number after it. */
static CK_ULONG told(char text[64])
{
    memset(text, 0, 64);
    const char *path = getenv("KOKUIN_FAULTY_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, 63);
    close(file);
    text[length > 0 ? length : 0] = 0;
    size_t name = strcspn(text, " \n");
    CK_ULONG number = text[name] ? strtoul(text + name, NULL, 10) : 0;
    text[name] = 0;
    return number;
}

/* Whether the file names this fault now. */
static int shows(const char *fault)
{
    char text[64];
    told(text);
    return strcmp(text, fault) == 0;
}

/* Sessions with the token that was put in the place of the others. */
static CK_SESSION_HANDLE moved[256];
static atomic_uint moves;

/* Whether a session is with a token that is not in its place now. */
static int is_elsewhere(CK_SESSION_HANDLE session)
{
    int is_moved = 0;
    for (unsigned i = 0; i < moves && i < sizeof moved / sizeof *moved; i++)
        is_moved |= moved[i] == session;
    return is_moved != shows("swapped");
}

/* A count that is missing fails the test that reads it. */
static void count(void)
{
    char path[4096];
    const char *fault = getenv("KOKUIN_FAULTY_FILE");
    const char *dot = fault ? strrchr(fault, '.') : NULL;
    if (!dot || snprintf(path, sizeof path, "%.*s.count", (int)(dot - fault), fault) >= (int)sizeof path)
        return;
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    if (write(file, ".", 1) != 1)
        perror(path);
    close(file);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    char text[64];
    CK_ULONG number = told(text);
    if (strcmp(text, "gone") == 0 || strcmp(text, "pulled") == 0)
        return CKR_TOKEN_NOT_PRESENT;
    if (strcmp(text, "swapped") != 0)
        return real.C_OpenSession(slot, flags, application, notify, session);
    CK_RV answer = real.C_OpenSession(number, flags, application, notify, session);
    unsigned at = answer == CKR_OK ? moves++ : sizeof moved;
    if (at < sizeof moved / sizeof *moved)
        moved[at] = *session;
    return answer;
}

static CK_RV slot_list(CK_BBOOL with_token, CK_SLOT_ID *slots, CK_ULONG *count)
{
    if (with_token && shows("pulled")) {
        *count = 0;
        return CKR_OK;
    }
    return real.C_GetSlotList(with_token, slots, count);
}

static CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    return shows("gone") || shows("pulled") || is_elsewhere(session) ? CKR_DEVICE_REMOVED : real.C_GetSessionInfo(session, info);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    if (shows("gone") || shows("pulled") || is_elsewhere(session))
        return CKR_DEVICE_REMOVED;
    if (shows("loses-session"))
        return CKR_SESSION_HANDLE_INVALID;
    return real.C_SignInit(session, mechanism, key);
}

static CK_RV sign_other_bytes(CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length, unsigned char *signature, CK_ULONG *signature_length)
{
    unsigned char *other = malloc(length + 1);
    if (!other)
        return CKR_HOST_MEMORY;
    memcpy(other, data, length);
    other[length] = 1;
    if (length > 0)
        other[length - 1] ^= 1;
    CK_RV answer = real.C_Sign(session, other, length > 0 ? length : 1, signature, signature_length);
    free(other);
    return answer;
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *signature, CK_ULONG *signature_length)
{
    CK_RV answer;
    if (!signature)
        return real.C_Sign(session, data, length, signature, signature_length);
    count();
    if (shows("removed-while-signing"))
        return CKR_DEVICE_REMOVED;
    if (shows("fails"))
        return CKR_FUNCTION_FAILED;
    if (shows("log-full"))
        return CKR_VENDOR_DEFINED + 1;
    if (shows("signs-other-bytes"))
        return sign_other_bytes(session, data, length, signature, signature_length);
    while (shows("blocks"))
        usleep(20000);
    answer = real.C_Sign(session, data, length, signature, signature_length);
    if (answer == CKR_OK && shows("loses-answer"))
        return CKR_DEVICE_ERROR;
    if (answer == CKR_OK && shows("flips-bit"))
        signature[7] ^= 0x10;
    return answer;
}

static void load(void)
{
    CK_FUNCTION_LIST *list = NULL;
    CK_C_GetFunctionList find;
    const char *path = getenv("KOKUIN_FAULTY_MODULE");
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    if (!symbol)
        return;
    memcpy(&find, &symbol, sizeof find);
    if (find(&list) != CKR_OK || !list)
        return;
    real = ours = *list;
    ours.C_GetFunctionList = C_GetFunctionList;
    ours.C_GetSlotList = slot_list;
    ours.C_OpenSession = open_session;
    ours.C_GetSessionInfo = session_info;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
    loaded = 1;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (pthread_once(&once, load) != 0 || !loaded)
        return CKR_GENERAL_ERROR;
    *list = &ours;
    return CKR_OK;
}
