#ifndef TELOS_HDF5_H
#define TELOS_HDF5_H

#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>

// What of HDF5's C interface is a macro that calls a function or casts, which Swift cannot import.

static inline hid_t telos_hdf5_defaults(void) { return H5P_DEFAULT; }
static inline hid_t telos_hdf5_all(void) { return H5S_ALL; }
static inline hsize_t telos_hdf5_unlimited(void) { return H5S_UNLIMITED; }
static inline hid_t telos_hdf5_float32(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t telos_hdf5_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t telos_hdf5_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t telos_hdf5_stored_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t telos_hdf5_stored_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t telos_hdf5_stored_int8(void) { return H5T_STD_I8LE; }
static inline hid_t telos_hdf5_stored_int64(void) { return H5T_STD_I64LE; }

/// Opens a file to read.
static inline hid_t telos_hdf5_open(const char *path) { return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT); }

/// Creates a file, which may not exist.
static inline hid_t telos_hdf5_create(const char *path) {
    return H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
}

/// How a growing array is created: in chunks, without the time of day.
static inline hid_t telos_hdf5_chunked(int rank, const hsize_t *chunk) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (list >= 0 && (H5Pset_chunk(list, rank, chunk) < 0 || H5Pset_obj_track_times(list, 0) < 0)) {
        H5Pclose(list);
        return H5I_INVALID_HID;
    }
    return list;
}

/// A truth value as h5py stores it: an enumeration of one byte. The caller closes it.
static inline hid_t telos_hdf5_boolean(void) {
    int8_t no = 0, yes = 1;
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    if (type < 0) return type;
    if (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

/// Keeps failures from being printed.
static inline void telos_hdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct telos_hdf5_reason {
    char text[256];
};

static herr_t telos_hdf5_keep_innermost(unsigned place, const H5E_error2_t *error, void *result) {
    if (place == 0 && error->desc) {
        snprintf(((struct telos_hdf5_reason *)result)->text, sizeof(struct telos_hdf5_reason), "%s", error->desc);
    }
    return 0;
}

/// What the last failed call met first; empty where none failed.
static inline struct telos_hdf5_reason telos_hdf5_failure(void) {
    struct telos_hdf5_reason result = {{0}};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, telos_hdf5_keep_innermost, &result);
    return result;
}

#endif
